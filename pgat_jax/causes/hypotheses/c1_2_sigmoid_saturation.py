"""Cause 1.2: the sigmoid starts saturated.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import fill_leaf, scale_leaves
from pgat_jax.causes.intervention import Intervention

# The document's worst case: "If pre_sigmoid < -4: gate < 0.02".
SATURATING_BIAS = -4.0

CAUSE = Cause(
    number="1.2",
    title="Sigmoid saturation at initialisation",
    document=LIST,
    section="1.2",
    hypothesis="GELU shifts the sigmoid's input to -2 or -4, where its derivative is near 0.",
    prediction="A bias of -4 weakens the gradient of the projections; in the original, a gate at "
    "exactly 0.5, where the derivative is largest, restores it.",
    impose=Intervention(
        name="gate_saturated",
        claim="the gate's last bias is -4",
        module=__name__,
        edit_params=fill_leaf("gate/mlp/out/bias", SATURATING_BIAS),
    ),
    remedy=Intervention(
        name="gate_centred",
        claim="the gate's last kernel is 0, so the gate starts at exactly 0.5",
        module=__name__,
        edit_params=scale_leaves({"gate/mlp/out/kernel": 0.0}),
    ),
    rank=2,
)
