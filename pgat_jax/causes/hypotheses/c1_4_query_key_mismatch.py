"""Cause 1.4: queries are 50 times the keys.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.intervention import Intervention

CAUSE = Cause(
    number="1.4",
    title="Query and key scales do not match",
    document=LIST,
    section="1.4",
    hypothesis="Queries 50 times larger than keys let chance, not learning, drive the attention.",
    prediction="Keys at a fiftieth of their size weaken the gradient of the projections; matched "
    "keys restore it.",
    present=Intervention(
        name="keys_small",
        claim="keys have a fiftieth of their size, queries keep theirs",
        module=__name__,
        edit_params=scale_leaves({"fusion/key_kernel": 1 / 50}),
    ),
)
