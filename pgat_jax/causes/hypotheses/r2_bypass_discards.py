"""Claim R2: the bypass discards the fused stream.

The claim is in `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import jax

from pgat_jax.causes.cause import ANALYSIS, Cause
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.wiring import encoder_bypassed
from pgat_jax.model.pgat import PGAT


def _discard_fused(_module: Any, call: Any, enc: jax.Array, _embedding: jax.Array) -> Any:
    _, statistics = call()
    return enc, statistics


CAUSE = Cause(
    number="R2",
    title="The bypass discards the fused stream",
    document=ANALYSIS,
    section="phase 4; root cause summary; fixes 1 to 3",
    hypothesis="With bypass_spatiotemporal_with_petri the stream before the fusion goes on.",
    prediction="Discarding the fused stream takes all gradient from the projections; without the "
    "bypass it comes back.",
    present=encoder_bypassed.FAULT,
    impose=Intervention(
        name="fused_discarded",
        claim="the fused stream is computed and discarded",
        module=__name__,
        intercept=intercept_calls(PGAT, _discard_fused, method="fuse"),
    ),
)
