"""Cause 2.4: GELU zeroes units of the gate.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from typing import Any

import jax

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import fill_leaf
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import Intervention
from pgat_jax.model.gate import Gate
from pgat_jax.model.layers import FeedForward

# Far enough below 0 that GELU and its derivative are near 0 for nearly all inputs.
DEAD_BIAS = -3.0
LEAK = 0.2  # slope of the leaky ReLU for negative inputs


def _apply_leaky_relu(module: Any, call: Any, x: jax.Array) -> Any:
    if not isinstance(module.parent, Gate):
        return call()
    first, last = (module.variables["params"][name] for name in ("in", "out"))
    hidden = jax.nn.leaky_relu(x @ first["kernel"] + first["bias"][None, None], LEAK)
    return hidden @ last["kernel"] + last["bias"][None, None]


CAUSE = Cause(
    number="2.4",
    title="Dead zones of GELU in the gate",
    document=LIST,
    section="2.4",
    hypothesis="GELU zeroes half of the gate's units, which then have no gradient.",
    prediction="Biases of -3 weaken the gradient of the projections; an activation without a dead "
    "zone restores it.",
    impose=Intervention(
        name="gate_units_dead",
        claim="the gate's hidden biases are -3",
        module=__name__,
        edit_params=fill_leaf("gate/mlp/in/bias", DEAD_BIAS),
    ),
    remedy=Intervention(
        name="gate_leaky",
        claim="the gate's GELU is a leaky ReLU",
        module=__name__,
        intercept=intercept_calls(FeedForward, _apply_leaky_relu, name="mlp"),
    ),
)
