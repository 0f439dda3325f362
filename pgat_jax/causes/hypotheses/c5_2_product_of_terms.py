"""Cause 5.2: ten factors below one multiply.

The claim is in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md` of the PyTorch original.
"""

from pgat_jax.causes.cause import LIST, Cause
from pgat_jax.causes.edits import scale_leaves
from pgat_jax.causes.intervention import Intervention

# Kernels of all linear maps of the celestial path.
PATH = (
    "fusion/query/kernel",
    "fusion/key_kernel",
    "fusion/value_kernel",
    "fusion/output/kernel",
    "gate/mlp/in/kernel",
    "gate/mlp/out/kernel",
)

CAUSE = Cause(
    number="5.2",
    title="Vanishing through many sequential layers",
    document=LIST,
    section="5.2",
    hypothesis="Ten factors below one multiply to a gradient of 0.0002.",
    prediction="Linear maps of half their size weaken the gradient of the projections; maps of "
    "twice their size restore it in the original.",
    impose=Intervention(
        name="path_halved",
        claim="each linear map of the celestial path has half its size",
        module=__name__,
        edit_params=scale_leaves(dict.fromkeys(PATH, 0.5)),
    ),
    remedy=Intervention(
        name="path_doubled",
        claim="each linear map of the celestial path has twice its size",
        module=__name__,
        edit_params=scale_leaves(dict.fromkeys(PATH, 2.0)),
    ),
)
