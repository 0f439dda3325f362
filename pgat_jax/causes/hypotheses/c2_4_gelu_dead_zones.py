"""2.4: GELU zeroes the gate's hidden units."""

import jax
import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Intervention, changed
from pgat_jax.model.gate import Gate
from pgat_jax.model.layers import FeedForward


def _leaky(module, call, x):
    if not isinstance(module.parent, Gate):
        return call()
    first, last = (module.variables["params"][name] for name in ("in", "out"))
    hidden = jax.nn.leaky_relu(x @ first["kernel"] + first["bias"], 0.2)
    return hidden @ last["kernel"] + last["bias"]


CAUSE = Cause(
    number="2.4",
    title="Dead zones of GELU in the gate",
    place=("list", "2.4"),
    hypothesis="GELU kills half of the gate's units, which then have no gradient.",
    prediction="Biases of -3 take the gradient of the projections; an activation without a dead "
    "zone gives it back.",
    impose=Intervention(
        name="gate_units_dead",
        claim="the gate's hidden biases are -3",
        params=changed(["gate/mlp/in/bias"], lambda path, leaf: jnp.full_like(leaf, -3.0)),
    ),
    remedy=Intervention(
        name="gate_leaky",
        claim="the gate's GELU is a leaky ReLU",
        intercept=on_call(FeedForward, _leaky, name="mlp"),
    ),
)
