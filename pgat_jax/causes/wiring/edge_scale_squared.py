"""The scale of the edge bias acts twice and starts at zero: s s b has no gradient at s = 0.

The original's initialiser zeroed every parameter with "bias" in its name, and its scale had one.
"""

import flax.linen as nn
import jax.numpy as jnp

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault, edited
from pgat_jax.model.build import Params
from pgat_jax.model.graph_attention import GraphAttentionBlock


def _zero(params: Params) -> Params:
    scale = params["graph_attention"]["blocks"]["edge_scale"]
    return edited(params, "graph_attention/blocks/edge_scale", jnp.zeros_like(scale))


def _once_more(module, call, pooled):
    if not isinstance(module.parent, GraphAttentionBlock):
        return call()
    return call() * module.parent.get_variable("params", "edge_scale")


FAULT = Fault(
    name="edge_scale_squared",
    claim="the edge bias is multiplied twice by its scale, which starts at zero",
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
    params=_zero,
    intercept=on_call(nn.Dense, _once_more, name="edge_bias"),
)
