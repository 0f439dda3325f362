"""4.3: a batch of 12 is too small for celestial statistics."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.hypotheses.c3_3_accumulation import SMALL_BATCH
from pgat_jax.causes.intervention import Intervention, with_train
from pgat_jax.config import Config


def _double(config: Config) -> Config:
    return with_train(config, batch_size=2 * config.train.batch_size)


CAUSE = Cause(
    number="4.3",
    title="Batch too small for celestial statistics",
    place=("list", "4.3"),
    hypothesis="Small batches make noisy adjacencies, and the gate learns to ignore noise.",
    prediction="A third of the batch takes the projections' gradient in training; twice the batch "
    "gives it back.",
    impose=SMALL_BATCH,
    remedy=Intervention(name="batch_double", claim="the batch is twice as large", config=_double),
    in_training=True,
)
