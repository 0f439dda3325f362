"""A module is built and not called: the hierarchical mapping of the joint encoder."""

import jax.numpy as jnp

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault, with_model
from pgat_jax.config import Config
from pgat_jax.model.encoder import HierarchicalMapping


def _built(config: Config) -> Config:
    return with_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=True)


def _not_called(module, call, x):
    return jnp.zeros_like(x)


FAULT = Fault(
    name="modules_uncalled",
    claim="the hierarchical mapping is built and not called",
    takes=(("spatiotemporal/hierarchy/*", "disconnected"),),
    config=_built,
    intercept=on_call(HierarchicalMapping, _not_called),
)
