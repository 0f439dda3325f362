"""R1: attention weights are detached for the diagnostics."""

import jax

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.fusion import Fusion


def _detached(module, call, *args):
    fused, entropy = call()
    return fused, jax.lax.stop_gradient(entropy)


CAUSE = Cause(
    number="R1",
    title="The detach in the diagnostics",
    place=("analysis", "executive summary"),
    hypothesis="The projections work on tensors that were detached for the diagnostics.",
    prediction="Detaching what the diagnostics read takes the gradient of the projections; "
    "without it there is gradient again.",
    present=Intervention(
        name="diagnostics_detached",
        claim="what the diagnostics read of the attention is detached",
        intercept=on_call(Fusion, _detached),
    ),
)
