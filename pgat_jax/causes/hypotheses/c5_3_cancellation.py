"""Cause 5.3: the gate's two inputs cancel.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

import jax
import jax.numpy as jnp

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import ParamsEdit, edit_leaves
from pgat_jax.causes.intervention import Intervention


def _mirror_weights(sign: float) -> ParamsEdit:
    """Returns an edit that gives the fused branch the encoder branch's weights, times `sign`."""

    def edit(_path: str, kernel: jax.Array) -> jax.Array:
        first, _ = jnp.split(kernel, 2)
        return jnp.concatenate([first, sign * first])

    return edit_leaves(["gate/mlp/in/kernel"], edit)


CAUSE = Cause(
    number="5.3",
    title="Catastrophic cancellation in the gate's input",
    document=LIST,
    section="5.3",
    hypothesis="Weights of +1 and -1 leave the gate a small difference of two similar branches.",
    prediction="Opposite weights weaken the gradient of the projections; equal ones restore it in "
    "the original.",
    impose=Intervention(
        name="gate_subtracts",
        claim="the gate's weights for the two branches are opposite",
        module=__name__,
        edit_params=_mirror_weights(-1.0),
    ),
    remedy=Intervention(
        name="gate_adds",
        claim="the gate's weights for the two branches are equal",
        module=__name__,
        edit_params=_mirror_weights(1.0),
    ),
)
