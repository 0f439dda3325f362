"""5.3: the gate subtracts two branches that are alike."""

import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, changed


def _mirrored(sign: float):
    def second_half(path, kernel):
        first, _ = jnp.split(kernel, 2)
        return jnp.concatenate([first, sign * first])

    return changed(["gate/mlp/in/kernel"], second_half)


CAUSE = Cause(
    number="5.3",
    title="Catastrophic cancellation in the gate's input",
    place=("list", "5.3"),
    hypothesis="Weights of +1 and -1 leave the gate a small difference of two like branches.",
    prediction="Opposite weights take the gradient of the projections; equal ones give it back in "
    "the original.",
    impose=Intervention(
        name="gate_subtracts",
        claim="the gate's weights of the two branches are opposite",
        params=_mirrored(-1.0),
    ),
    remedy=Intervention(
        name="gate_adds",
        claim="the gate's weights of the two branches are equal",
        params=_mirrored(1.0),
    ),
)
