"""2.1: the fusion attention is 64 wide in a model of 416."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, with_model
from pgat_jax.config import Config


def _narrow(config: Config) -> Config:
    """A quarter of the width, as 64 is of 256; at least one channel a head."""
    heads = config.model.n_heads
    return with_model(config, fusion_width=max(1, config.model.fusion_width // 4 // heads) * heads)


def _wide(config: Config) -> Config:
    return with_model(config, fusion_width=config.model.d_model)


CAUSE = Cause(
    number="2.1",
    title="Information bottleneck in the fusion width",
    place=("list", "2.1"),
    hypothesis="Compressed from 416 to 64, the fused stream is poor, and the gate closes.",
    prediction="A quarter of the width takes the gradient of the projections; the stream's own "
    "width gives it back.",
    present=Intervention(
        name="fusion_narrow",
        claim="the fusion attention has a quarter of its width",
        config=_narrow,
    ),
    remedy=Intervention(
        name="fusion_wide", claim="the fusion attention is as wide as the stream", config=_wide
    ),
    rank=4,
)
