"""Cause 5.1: logits explode in the attention.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.intervention import Intervention

CAUSE = Cause(
    number="5.1",
    title="Exploding logits in the attention",
    document=LIST,
    section="5.1",
    hypothesis="Products of query and key a hundred times too large saturate the softmax.",
    prediction="Queries a hundred times as large weaken the gradient of the projections; a tenth "
    "of their size restores it in the original.",
    impose=Intervention(
        name="queries_huge",
        claim="queries are a hundred times as large",
        module=__name__,
        edit_params=scale_leaves({"fusion/query/kernel": 100.0}),
    ),
    remedy=Intervention(
        name="queries_small",
        claim="queries have a tenth of their size",
        module=__name__,
        edit_params=scale_leaves({"fusion/query/kernel": 0.1}),
    ),
)
