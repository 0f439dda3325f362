"""Cause 6.1: seven paths compete.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import jax.numpy as jnp

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import update_model
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config
from pgat_jax.model.decoder import TargetStream


def _add_paths(config: Config) -> Config:
    return update_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=True)


def _return_zeros(_module: Any, call: Any, *_args: Any) -> Any:
    return jnp.zeros_like(call())


CAUSE = Cause(
    number="6.1",
    title="Too many competing paths",
    document=LIST,
    section="6.1",
    hypothesis="The optimiser lowers the loss by the easy paths and never explores this one.",
    prediction="Two more paths (joint encoder, hierarchical mapping) weaken the projections' "
    "gradient and updates; without the decoder's target stream they come back.",
    impose=Intervention(
        name="paths_more",
        claim="the joint encoder and its mapping are added",
        module=__name__,
        edit_config=_add_paths,
    ),
    remedy=Intervention(
        name="paths_fewer",
        claim="the decoder's target stream is zero",
        module=__name__,
        intercept=intercept_calls(TargetStream, _return_zeros),
    ),
    is_in_training=True,
)
