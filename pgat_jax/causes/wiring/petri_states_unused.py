"""The Petri combiner's node states are computed and thrown away; its edges are used."""

import jax.numpy as jnp

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault
from pgat_jax.model.petri import Petri


def _thrown_away(module, call, *args):
    states, mixed, vectors = call()
    return jnp.zeros_like(states), mixed, vectors


FAULT = Fault(
    name="petri_states_unused",
    claim="the Petri node states are computed and thrown away",
    takes=(
        ("petri/rounds/*", "disconnected"),
        ("petri/over_days/*", "disconnected"),
        ("petri/over_bodies/*", "disconnected"),
        ("petri/projection/*", "disconnected"),
    ),
    intercept=on_call(Petri, _thrown_away),
)
