"""3.1: the learning rate is too high for a sigmoid."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, with_train
from pgat_jax.config import Config


def _times(factor: float):
    def edit(config: Config) -> Config:
        return with_train(config, learning_rate=factor * config.train.learning_rate)

    return edit


CAUSE = Cause(
    number="3.1",
    title="Learning rate too high for sigmoid layers",
    place=("list", "3.1"),
    hypothesis="At a rate of 0.003 the gate overshoots and saturates low, for good.",
    prediction="Ten times the rate closes the gate and takes the gradient in training; a tenth "
    "gives it back.",
    impose=Intervention(
        name="rate_high", claim="the learning rate is ten times as high", config=_times(10)
    ),
    remedy=Intervention(name="rate_low", claim="the learning rate is a tenth", config=_times(0.1)),
    in_training=True,
)
