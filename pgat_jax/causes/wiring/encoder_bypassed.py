"""The bypass: the joint encoder is built, and the stream goes around it."""

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault, with_model
from pgat_jax.config import Config
from pgat_jax.model.encoder import SpatioTemporal


def _built(config: Config) -> Config:
    return with_model(config, bypass_spatiotemporal_with_petri=False)


def _around(module, call, stream, adjacency):
    return stream


FAULT = Fault(
    name="encoder_bypassed",
    claim="the joint encoder is built, and the stream goes around it",
    takes=(("spatiotemporal/blocks/*", "disconnected"),),
    config=_built,
    intercept=on_call(SpatioTemporal, _around),
)
