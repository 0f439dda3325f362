"""7.2: each of 13 bodies gets a thirteenth of the gradient."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.hypotheses.c2_3_uniform_attention import UNIFORM
from pgat_jax.causes.intervention import Intervention, scaled
from pgat_jax.data.columns import BODIES

CAUSE = Cause(
    number="7.2",
    title="Softmax dilutes the gradient",
    place=("list", "7.2"),
    hypothesis="Uniform weights leave each body a thirteenth of an already weak gradient.",
    prediction="Uniform attention takes the gradient of the projections; values thirteen times as "
    "large, which undo the thirteenth, give it back.",
    impose=UNIFORM,
    remedy=Intervention(
        name="values_summed",
        claim="values are thirteen times as large: a sum over bodies in place of a mean",
        params=scaled({"fusion/value_kernel": float(len(BODIES))}),
    ),
)
