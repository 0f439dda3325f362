"""The fault: modules are built and never called, as in the PyTorch original.

Here it is the hierarchical mapping of the joint encoder.
"""

from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.causes.edits import update_model
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.config import Config
from pgat_jax.model.encoder import HierarchicalMapping


def _create_mapping(config: Config) -> Config:
    return update_model(config, bypass_spatiotemporal_with_petri=False, hierarchical_mapping=True)


def _return_zeros(_module: Any, _call: Any, x: jax.Array) -> Any:
    return jnp.zeros_like(x)


FAULT = WiringFault(
    name="modules_uncalled",
    claim="the hierarchical mapping is built and not called",
    module=__name__,
    takes=(("spatiotemporal/hierarchy/*", "disconnected"),),
    edit_config=_create_mapping,
    intercept=intercept_calls(HierarchicalMapping, _return_zeros),
)
