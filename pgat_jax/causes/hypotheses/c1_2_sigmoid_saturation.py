"""1.2: the gate's sigmoid is saturated from the start."""

import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, changed, scaled

BIAS = -4.0
"""The text's worst case: "If pre_sigmoid < -4: gate < 0.02"."""


def gate_bias(value: float):
    """An edit of parameters: the bias in front of the sigmoid is set."""
    return changed(["gate/mlp/out/bias"], lambda path, leaf: jnp.full_like(leaf, value))


CAUSE = Cause(
    number="1.2",
    title="Sigmoid saturation at initialisation",
    place=("list", "1.2"),
    hypothesis="GELU shifts what the sigmoid reads to -2 or -4, where its derivative is near 0.",
    prediction="A bias of -4 takes the gradient of the projections; in the original a gate at "
    "0.5 sharp, where the derivative is largest, gives it back.",
    impose=Intervention(
        name="gate_saturated", claim="the gate's last bias is -4", params=gate_bias(BIAS)
    ),
    remedy=Intervention(
        name="gate_centred",
        claim="the gate's last kernel is 0: it starts at 0.5 sharp",
        params=scaled({"gate/mlp/out/kernel": 0.0}),
    ),
    rank=2,
)
