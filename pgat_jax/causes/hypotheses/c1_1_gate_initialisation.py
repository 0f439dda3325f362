"""1.1: Xavier weights and a zero bias in front of the gate's sigmoid."""

import jax
import jax.numpy as jnp

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, changed


def _xavier(path: str, leaf: jax.Array) -> jax.Array:
    """Drawn anew (Glorot and Bengio 2010), by a key that the old leaf's bits make."""
    bits = jax.lax.bitcast_convert_type(leaf, jnp.uint32).sum(dtype=jnp.uint32)
    return jax.nn.initializers.glorot_uniform()(jax.random.key(bits), leaf.shape, leaf.dtype)


XAVIER = Intervention(
    name="gate_xavier",
    claim="both kernels of the gate are drawn by Xavier's rule, in place of a small last one",
    params=changed(("gate/mlp/in/kernel", "gate/mlp/out/kernel"), _xavier),
)

CAUSE = Cause(
    number="1.1",
    title="Poor weight initialisation of the gate",
    place=("list", "1.1"),
    hypothesis="Xavier weights in front of a sigmoid start the gate near 0, and gradients vanish.",
    prediction="A gate drawn by Xavier's rule takes the gradient of the projections; one with a "
    "small last kernel, which starts at 0.5, gives it back.",
    present=XAVIER,
    rank=2,
)
