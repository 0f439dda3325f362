"""2.3: the attention over the bodies is uniform."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, scaled

UNIFORM = Intervention(
    name="attention_uniform",
    claim="queries are 0: every body has 1/13",
    params=scaled({"fusion/query/kernel": 0.0, "fusion/query/bias": 0.0}),
)
SHARP = Intervention(
    name="attention_sharp",
    claim="queries are four times as large, which is a temperature of 1/4",
    params=scaled({"fusion/query/kernel": 4.0}),
)

CAUSE = Cause(
    number="2.3",
    title="Attention collapse to uniform weights",
    place=("list", "2.3"),
    hypothesis="Uniform attention is a mean that tells nothing, so nothing is learned through it.",
    prediction="Uniform attention takes the gradient of the projections, and they do not recover "
    "in training; a lower temperature gives it back.",
    impose=UNIFORM,
    remedy=SHARP,
)
