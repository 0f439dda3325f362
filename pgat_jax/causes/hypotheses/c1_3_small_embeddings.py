"""Cause 1.3: embeddings start at scale 0.02.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

import jax

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import edit_leaves
from pgat_jax.causes.intervention import Intervention

SCALE = 0.02  # standard deviation, as the document quotes it


def _shrink(_path: str, leaf: jax.Array) -> jax.Array:
    return leaf * (SCALE / leaf.std())


CAUSE = Cause(
    number="1.3",
    title="Celestial features start too small (0.02)",
    document=LIST,
    section="1.3",
    hypothesis="Embeddings at 0.02 make tiny keys and values, whose small gradients keep them so.",
    prediction="Embeddings at 0.02 weaken the gradient of the projections; a scale of 0.5 restores "
    "it.",
    present=Intervention(
        name="embeddings_small",
        claim="body and aspect embeddings have a standard deviation of 0.02",
        module=__name__,
        edit_params=edit_leaves(("nodes/embedding", "nodes/aspects/embedding/kernel"), _shrink),
    ),
    rank=3,
)
