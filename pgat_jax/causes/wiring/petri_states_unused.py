"""The fault: the Petri combiner's node states are computed, but only its edges are used.

The PyTorch original does this.
"""

from typing import Any

import jax.numpy as jnp

from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.model.petri import Petri


def _discard_states(_module: Any, call: Any, *_args: Any) -> Any:
    states, adjacency, edges = call()
    return jnp.zeros_like(states), adjacency, edges


FAULT = WiringFault(
    name="petri_states_unused",
    claim="the Petri node states are computed and not used",
    module=__name__,
    takes=(
        ("petri/rounds/*", "disconnected"),
        ("petri/over_days/*", "disconnected"),
        ("petri/over_bodies/*", "disconnected"),
        ("petri/projection/*", "disconnected"),
    ),
    intercept=intercept_calls(Petri, _discard_states),
)
