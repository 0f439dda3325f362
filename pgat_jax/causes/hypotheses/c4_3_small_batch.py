"""Cause 4.3: a batch of 12 is too small.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_train
from pgat_jax.causes.hypotheses.c3_3_accumulation import SMALL_BATCH
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config


def _double(config: Config) -> Config:
    return update_train(config, batch_size=2 * config.train.batch_size)


CAUSE = Cause(
    number="4.3",
    title="Batch too small for celestial statistics",
    document=LIST,
    section="4.3",
    hypothesis="Small batches make noisy adjacencies, and the gate learns to ignore noise.",
    prediction="A third of the batch weakens the projections' gradient in training; twice the "
    "batch restores it.",
    impose=SMALL_BATCH,
    remedy=Intervention(
        name="batch_double",
        claim="the batch is twice as large",
        module=__name__,
        edit_config=_double,
    ),
    is_in_training=True,
)
