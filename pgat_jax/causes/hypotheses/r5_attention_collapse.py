"""Claim R5: the attention is uniform.

The claim is in `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import ANALYSIS, Cause
from pgat_jax.causes.hypotheses.c2_3_uniform_attention import SHARP, UNIFORM

CAUSE = Cause(
    number="R5",
    title="Collapse of the attention",
    document=ANALYSIS,
    section="phase 2, hypothesis 2",
    hypothesis="Uniform attention weights give no learning signal to query, key and value.",
    prediction="Uniform attention weakens the gradient of the projections; sharper attention "
    "restores it.",
    impose=UNIFORM,
    remedy=SHARP,
)
