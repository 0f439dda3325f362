"""The fault: the scale s of the edge bias b acts twice and starts at zero.

Then s*s*b has no gradient at s = 0. The PyTorch original's initialiser sets every parameter to zero
whose name contains "bias", and its scale is called `edge_bias_scale`.
"""

from typing import Any

import flax.linen as nn
import jax

from pgat_jax.causes.edits import fill_leaf
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.model.graph_attention import GraphAttentionBlock


def _scale_again(module: Any, call: Any, _pooled: jax.Array) -> Any:
    if not isinstance(module.parent, GraphAttentionBlock):
        return call()
    return call() * module.parent.get_variable("params", "edge_scale")[None, None]


FAULT = WiringFault(
    name="edge_scale_squared",
    claim="the edge bias is multiplied twice by its scale, which starts at zero",
    module=__name__,
    takes=(
        ("graph_attention/blocks/edge_scale", "stuck"),
        ("graph_attention/blocks/edge_bias/*", "stuck"),
        ("graph_attention/edges/*", "stuck"),
    ),
    joins=(
        ("petri/edges/*", "stuck"),
        ("nodes/adjacency_*", "stuck"),
        ("nodes/aspects/*", "stuck"),
        ("nodes/market_norm/*", "stuck"),
    ),
    edit_params=fill_leaf("graph_attention/blocks/edge_scale", 0.0),
    intercept=intercept_calls(nn.Dense, _scale_again, name="edge_bias"),
)
