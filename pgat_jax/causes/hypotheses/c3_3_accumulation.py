"""3.3: gradients of several batches cancel in their mean."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, with_train
from pgat_jax.config import Config


def _three(config: Config) -> Config:
    return with_train(config, accumulation=3)


def _third(config: Config) -> Config:
    return with_train(config, batch_size=max(1, config.train.batch_size // 3))


SMALL_BATCH = Intervention(
    name="batch_third", claim="a third of the batch, each with its own update", config=_third
)

CAUSE = Cause(
    number="3.3",
    title="Gradient accumulation cancels",
    place=("list", "3.3"),
    hypothesis="Noisy celestial gradients cancel when three batches are averaged.",
    prediction="A mean over three batches takes the projections' updates; a third of the batch "
    "without a mean gives them back.",
    impose=Intervention(
        name="accumulate_three", claim="three batches make one update", config=_three
    ),
    remedy=SMALL_BATCH,
    in_training=True,
)
