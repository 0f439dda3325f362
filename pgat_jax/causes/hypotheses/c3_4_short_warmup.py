"""3.4: three epochs of warm-up are too short for a complex path."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, with_train
from pgat_jax.config import Config


def _none(config: Config) -> Config:
    return with_train(config, warmup_epochs=0)


def _long(config: Config) -> Config:
    return with_train(config, warmup_epochs=20)


CAUSE = Cause(
    number="3.4",
    title="Warm-up too short for complex components",
    place=("list", "3.4"),
    hypothesis="The simple paths have won before the celestial one has woken up.",
    prediction="No warm-up takes the projections' gradient and updates; 20 epochs of 50 give them "
    "back.",
    impose=Intervention(name="warmup_none", claim="there is no warm-up", config=_none),
    remedy=Intervention(name="warmup_long", claim="20 of the 50 epochs are warm-up", config=_long),
    in_training=True,
)
