"""Cause 3.3: accumulated gradients cancel.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_train
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config


def _accumulate_three(config: Config) -> Config:
    return update_train(config, accumulation=3)


def _take_third(config: Config) -> Config:
    return update_train(config, batch_size=max(1, config.train.batch_size // 3))


SMALL_BATCH = Intervention(
    name="batch_third",
    claim="a batch has a third of its windows, and each gives an update",
    module=__name__,
    edit_config=_take_third,
)

CAUSE = Cause(
    number="3.3",
    title="Gradient accumulation cancels",
    document=LIST,
    section="3.3",
    hypothesis="Noisy celestial gradients cancel when three batches are averaged.",
    prediction="A mean over three batches weakens the projections' updates; a third of the batch "
    "without a mean restores them.",
    impose=Intervention(
        name="accumulate_three",
        claim="three batches make one update",
        module=__name__,
        edit_config=_accumulate_three,
    ),
    remedy=SMALL_BATCH,
    is_in_training=True,
)
