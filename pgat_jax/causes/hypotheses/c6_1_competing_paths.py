"""6.1: seven paths compete, and the optimiser takes the easiest."""

import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention, with_model
from pgat_jax.config import Config
from pgat_jax.model.decoder import TargetStream


def _more(config: Config) -> Config:
    return with_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=True)


def _silent(module, call, *args):
    return jnp.zeros_like(call())


CAUSE = Cause(
    number="6.1",
    title="Too many competing paths",
    place=("list", "6.1"),
    hypothesis="The optimiser lowers the loss by the easy paths and never explores this one.",
    prediction="Two more paths (joint encoder, hierarchical mapping) take the projections' "
    "gradient and updates; without the decoder's target stream they come back.",
    impose=Intervention(
        name="paths_more", claim="the joint encoder and its mapping are added", config=_more
    ),
    remedy=Intervention(
        name="paths_fewer",
        claim="the decoder's target stream is silent",
        intercept=on_call(TargetStream, _silent),
    ),
    in_training=True,
)
