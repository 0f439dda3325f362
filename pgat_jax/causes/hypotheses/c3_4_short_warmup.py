"""Cause 3.4: 3 epochs of warm-up are too few.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_train
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config

LONG_WARMUP = 20  # epochs, of the 50 of the schedule


def _remove_warmup(config: Config) -> Config:
    return update_train(config, warmup_epochs=0)


def _lengthen_warmup(config: Config) -> Config:
    return update_train(config, warmup_epochs=LONG_WARMUP)


CAUSE = Cause(
    number="3.4",
    title="Warm-up too short for complex components",
    document=LIST,
    section="3.4",
    hypothesis="Simple paths lower the loss before the celestial path has begun to learn.",
    prediction="No warm-up weakens the projections' gradient and updates; 20 epochs of 50 restore "
    "them.",
    impose=Intervention(
        name="warmup_none",
        claim="there is no warm-up",
        module=__name__,
        edit_config=_remove_warmup,
    ),
    remedy=Intervention(
        name="warmup_long",
        claim="20 of the 50 epochs are warm-up",
        module=__name__,
        edit_config=_lengthen_warmup,
    ),
    is_in_training=True,
)
