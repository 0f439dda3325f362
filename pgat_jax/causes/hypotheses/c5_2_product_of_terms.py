"""5.2: a product of ten factors below one."""

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.intervention import Intervention, scaled

PATH = (
    "fusion/query/kernel",
    "fusion/key_kernel",
    "fusion/value_kernel",
    "fusion/output/kernel",
    "gate/mlp/in/kernel",
    "gate/mlp/out/kernel",
)
"""Every linear map of the celestial path."""

CAUSE = Cause(
    number="5.2",
    title="Vanishing through many sequential layers",
    place=("list", "5.2"),
    hypothesis="Ten factors below one multiply to a gradient of 0.0002.",
    prediction="Maps of half their size take the gradient of the projections; maps of twice their "
    "size give it back in the original.",
    impose=Intervention(
        name="path_halved",
        claim="each linear map of the path has half its size",
        params=scaled(dict.fromkeys(PATH, 0.5)),
    ),
    remedy=Intervention(
        name="path_doubled",
        claim="each linear map of the path has twice its size",
        params=scaled(dict.fromkeys(PATH, 2.0)),
    ),
)
