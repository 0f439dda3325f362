"""Cause 1.1: Xavier weights in the gate.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

import jax
import jax.numpy as jnp

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import edit_leaves
from pgat_jax.causes.intervention import Intervention


def _draw_xavier(_path: str, leaf: jax.Array) -> jax.Array:
    """Draws a kernel by the rule of Glorot and Bengio (2010); the old bits give the key."""
    bits = jax.lax.bitcast_convert_type(leaf, jnp.uint32).sum(dtype=jnp.uint32)
    return jax.nn.initializers.glorot_uniform()(jax.random.key(bits), leaf.shape, leaf.dtype)


XAVIER = Intervention(
    name="gate_xavier",
    claim="both kernels of the gate are drawn by Xavier's rule, in place of a small last one",
    module=__name__,
    edit_params=edit_leaves(("gate/mlp/in/kernel", "gate/mlp/out/kernel"), _draw_xavier),
)

CAUSE = Cause(
    number="1.1",
    title="Poor weight initialisation of the gate",
    document=LIST,
    section="1.1",
    hypothesis="Xavier weights in front of a sigmoid start the gate near 0, and gradients vanish.",
    prediction="A gate drawn by Xavier's rule weakens the gradient of the projections; a gate with "
    "a small last kernel, which starts near 0.5, restores it.",
    present=XAVIER,
    rank=2,
)
