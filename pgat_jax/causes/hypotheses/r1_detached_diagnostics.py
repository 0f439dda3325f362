"""Claim R1: a detach in the diagnostics.

The claim is in `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import jax

from pgat_jax.causes.cause import ANALYSIS, Cause
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.fusion import Fusion


def _detach_entropy(_module: Any, call: Any, *_args: Any) -> Any:
    fused, entropy = call()
    return fused, jax.lax.stop_gradient(entropy)


CAUSE = Cause(
    number="R1",
    title="The detach in the diagnostics",
    document=ANALYSIS,
    section="executive summary",
    hypothesis="The projections work on tensors that were detached for the diagnostics.",
    prediction="Detaching what the diagnostics read weakens the gradient of the projections; "
    "without the detach it comes back.",
    present=Intervention(
        name="diagnostics_detached",
        claim="what the diagnostics read of the attention is detached",
        module=__name__,
        intercept=intercept_calls(Fusion, _detach_entropy),
    ),
)
