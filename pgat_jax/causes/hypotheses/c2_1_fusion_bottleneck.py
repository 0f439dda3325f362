"""Cause 2.1: the fusion is 64 of 416 wide.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_model
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config


def _narrow(config: Config) -> Config:
    """Takes a quarter of the width, as 64 is of 256, and at least one channel for each head."""
    heads = config.model.n_heads
    width = max(1, config.model.fusion_width // 4 // heads) * heads
    return update_model(config, fusion_width=width)


def _widen(config: Config) -> Config:
    return update_model(config, fusion_width=config.model.d_model)


CAUSE = Cause(
    number="2.1",
    title="Information bottleneck in the fusion width",
    document=LIST,
    section="2.1",
    hypothesis="Compressed from 416 to 64, the fused stream carries little, and the gate closes.",
    prediction="A quarter of the width weakens the gradient of the projections; the stream's own "
    "width restores it.",
    present=Intervention(
        name="fusion_narrow",
        claim="the fusion attention has a quarter of its width",
        module=__name__,
        edit_config=_narrow,
    ),
    remedy=Intervention(
        name="fusion_wide",
        claim="the fusion attention is as wide as the stream",
        module=__name__,
        edit_config=_widen,
    ),
    rank=4,
)
