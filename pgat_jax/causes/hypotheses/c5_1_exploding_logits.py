"""5.1: attention logits explode and the softmax saturates."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, scaled

CAUSE = Cause(
    number="5.1",
    title="Exploding logits in the attention",
    place=("list", "5.1"),
    hypothesis="Products of query and key a hundred times too large saturate the softmax.",
    prediction="Queries a hundred times as large take the gradient of the projections; a tenth of "
    "their size gives it back in the original.",
    impose=Intervention(
        name="queries_huge",
        claim="queries are a hundred times as large",
        params=scaled({"fusion/query/kernel": 100.0}),
    ),
    remedy=Intervention(
        name="queries_small",
        claim="queries have a tenth of their size",
        params=scaled({"fusion/query/kernel": 0.1}),
    ),
)
