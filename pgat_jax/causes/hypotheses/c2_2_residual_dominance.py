"""Cause 2.2: the residual path dominates.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import jax

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.pgat import PGAT


def _weaken(_module: Any, call: Any, enc: jax.Array, _embedding: jax.Array) -> Any:
    enhanced, statistics = call()
    return enc + 0.1 * (enhanced - enc), statistics


def _drop_residual(_module: Any, call: Any, enc: jax.Array, _embedding: jax.Array) -> Any:
    enhanced, statistics = call()
    return enhanced - enc, statistics


CAUSE = Cause(
    number="2.2",
    title="The residual connection dominates",
    document=LIST,
    section="2.2",
    hypothesis="The optimiser lowers the loss through the residual and neglects the gated path.",
    prediction="A celestial influence at a tenth weakens the projections' gradient and updates; "
    "without the residual they come back.",
    impose=Intervention(
        name="influence_weak",
        claim="the gated stream is added at a tenth of its size",
        module=__name__,
        intercept=intercept_calls(PGAT, _weaken, method="fuse"),
    ),
    remedy=Intervention(
        name="residual_removed",
        claim="the stream continues as gate * fused, without the residual",
        module=__name__,
        intercept=intercept_calls(PGAT, _drop_residual, method="fuse"),
    ),
    rank=5,
)
