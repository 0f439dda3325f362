"""Cause 2.3: the attention becomes uniform.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.intervention import Intervention

UNIFORM = Intervention(
    name="attention_uniform",
    claim="queries are 0, so every body gets a weight of 1/13",
    module=__name__,
    edit_params=scale_leaves({"fusion/query/kernel": 0.0, "fusion/query/bias": 0.0}),
)
SHARP = Intervention(
    name="attention_sharp",
    claim="queries are four times as large, which is a temperature of 1/4",
    module=__name__,
    edit_params=scale_leaves({"fusion/query/kernel": 4.0}),
)

CAUSE = Cause(
    number="2.3",
    title="Attention collapse to uniform weights",
    document=LIST,
    section="2.3",
    hypothesis="Uniform attention is a mean without information, so nothing is learned through it.",
    prediction="Uniform attention weakens the gradient of the projections, and they do not recover "
    "in training; a lower temperature restores it.",
    impose=UNIFORM,
    remedy=SHARP,
)
