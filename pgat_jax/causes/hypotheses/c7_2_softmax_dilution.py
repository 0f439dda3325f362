"""Cause 7.2: the softmax dilutes the gradient.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.hypotheses.c2_3_uniform_attention import UNIFORM
from pgat_jax.causes.intervention import Intervention
from pgat_jax.names import BODIES

CAUSE = Cause(
    number="7.2",
    title="Softmax dilutes the gradient",
    document=LIST,
    section="7.2",
    hypothesis="Uniform weights leave each of 13 bodies a thirteenth of an already weak gradient.",
    prediction="Uniform attention weakens the gradient of the projections; values thirteen times "
    "as large, which undo the thirteenth, restore it.",
    impose=UNIFORM,
    remedy=Intervention(
        name="values_summed",
        claim="values are thirteen times as large: a sum over bodies in place of a mean",
        module=__name__,
        edit_params=scale_leaves({"fusion/value_kernel": float(len(BODIES))}),
    ),
)
