"""2.2: the residual stream always passes, the gated one can be 0."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.pgat import PGAT


def _weak(module, call, enc, embedding):
    enhanced, statistics = call()
    return enc + 0.1 * (enhanced - enc), statistics


def _alone(module, call, enc, embedding):
    enhanced, statistics = call()
    return enhanced - enc, statistics


CAUSE = Cause(
    number="2.2",
    title="The residual connection dominates",
    place=("list", "2.2"),
    hypothesis="The optimiser lowers the loss through the residual, so the gated path is left.",
    prediction="A celestial influence at a tenth takes the projections' gradient and updates; "
    "without the residual they come back.",
    impose=Intervention(
        name="influence_weak",
        claim="the gated stream enters at a tenth",
        intercept=on_call(PGAT, _weak, method="_fuse"),
    ),
    remedy=Intervention(
        name="residual_removed",
        claim="the stream goes on as gate * fused alone",
        intercept=on_call(PGAT, _alone, method="_fuse"),
    ),
    rank=5,
)
