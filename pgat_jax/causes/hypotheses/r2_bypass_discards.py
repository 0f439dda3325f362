"""R2: the bypass discards the fused stream."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.wiring import encoder_bypassed
from pgat_jax.model.pgat import PGAT


def _discarded(module, call, enc, embedding):
    _, statistics = call()
    return enc, statistics


CAUSE = Cause(
    number="R2",
    title="The bypass discards the fused stream",
    place=("analysis", "phase 4; root cause summary; fixes 1 to 3"),
    hypothesis="With bypass_spatiotemporal_with_petri the original stream goes on, not the fused.",
    prediction="A stream that is discarded takes all gradient of the projections; turning the "
    "bypass off gives it back.",
    present=encoder_bypassed.FAULT,
    impose=Intervention(
        name="fused_discarded",
        claim="the fused stream is computed and discarded",
        intercept=on_call(PGAT, _discarded, method="_fuse"),
    ),
)
