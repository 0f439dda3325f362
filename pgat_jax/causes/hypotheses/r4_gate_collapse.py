"""Claim R4: the fusion gate is near 0.

The claim is in `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import ANALYSIS, Cause
from pgat_jax.causes.edits import fill_leaf
from pgat_jax.causes.hypotheses.c7_1_gate_bifurcation import OPEN
from pgat_jax.causes.intervention import Intervention

COLLAPSED_BIAS = -7.0  # the sigmoid of it is 0.001, the document's value of a collapsed gate

CAUSE = Cause(
    number="R4",
    title="Collapse of the fusion gate",
    document=ANALYSIS,
    section="final diagnosis",
    hypothesis="The gate gives values such as 0.001, and the gradient vanishes behind it.",
    prediction="A gate at 0.001 weakens the gradient of the projections; if the gate is the "
    "bottleneck, a gate fixed at 1 restores it.",
    impose=Intervention(
        name="gate_collapsed",
        claim="the gate's last bias is -7, so the gate starts near 0.001",
        module=__name__,
        edit_params=fill_leaf("gate/mlp/out/bias", COLLAPSED_BIAS),
    ),
    remedy=OPEN,
)
