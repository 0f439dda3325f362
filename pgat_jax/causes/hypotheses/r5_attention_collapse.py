"""R5: the attention is uniform, so queries and keys get no signal."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.hypotheses.c2_3_uniform_attention import SHARP, UNIFORM

CAUSE = Cause(
    number="R5",
    title="Collapse of the attention",
    place=("analysis", "phase 2, hypothesis 2"),
    hypothesis="Uniform attention weights give no learning signal to query, key and value.",
    prediction="Uniform attention takes the gradient of the projections; sharper attention gives "
    "it back.",
    impose=UNIFORM,
    remedy=SHARP,
)
