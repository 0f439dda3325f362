"""R4: the gate is at 0."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.hypotheses.c1_2_sigmoid_saturation import gate_bias
from pgat_jax.causes.hypotheses.c7_1_gate_bifurcation import OPEN
from pgat_jax.causes.intervention import Intervention

CAUSE = Cause(
    number="R4",
    title="Collapse of the fusion gate",
    place=("analysis", "final diagnosis"),
    hypothesis="The gate gives values such as 0.001, and the gradient vanishes behind it.",
    prediction="A gate at 0.001 takes the gradient of the projections; the gate forced open gives "
    "it back, if it was the bottleneck.",
    impose=Intervention(
        name="gate_collapsed", claim="the gate's last bias is -7: 0.001", params=gate_bias(-7.0)
    ),
    remedy=OPEN,
)
