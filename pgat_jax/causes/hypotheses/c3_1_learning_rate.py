"""Cause 3.1: the learning rate is too high.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from collections.abc import Callable

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_train
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config


def _scale_rate(factor: float) -> Callable[[Config], Config]:
    def edit_config(config: Config) -> Config:
        return update_train(config, learning_rate=factor * config.train.learning_rate)

    return edit_config


CAUSE = Cause(
    number="3.1",
    title="Learning rate too high for sigmoid layers",
    document=LIST,
    section="3.1",
    hypothesis="At a learning rate of 0.003 the gate overshoots, saturates low and stays there.",
    prediction="Ten times the learning rate closes the gate and weakens the gradient in training; "
    "a tenth restores it.",
    impose=Intervention(
        name="rate_high",
        claim="the learning rate is ten times as high",
        module=__name__,
        edit_config=_scale_rate(10),
    ),
    remedy=Intervention(
        name="rate_low",
        claim="the learning rate is a tenth",
        module=__name__,
        edit_config=_scale_rate(0.1),
    ),
    is_in_training=True,
)
