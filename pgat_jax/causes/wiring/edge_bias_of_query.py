"""The fault: the edge bias is that of the query's day, plus a constant for each head.

In the PyTorch original both are equal for all keys, so the softmax over the keys cancels them.
"""

from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.causes.edits import replace_leaf
from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.model.attention import SelfAttention
from pgat_jax.model.build import Params


def _add_maps(params: Params) -> Params:
    """Adds a linear map from the stream to the heads for each layer: [layers, D, H], and a bias."""
    blocks = params["graph_attention"]["blocks"]
    layers, width, _ = blocks["attention"]["query_key_value"]["kernel"].shape
    heads = blocks["edge_scale"].shape[1]
    kernel = jax.random.normal(jax.random.key(0), (layers, width, heads)) * width**-0.5
    maps = {"kernel": kernel, "bias": jnp.zeros((layers, heads))}
    return replace_leaf(params, "graph_attention/blocks/attention/query_side", maps)


def _add_bias(module: Any, call: Any, x: jax.Array, bias: jax.Array) -> Any:
    """Adds a bias of the query's day to the bias of the key's day.

    It is equal for all keys, so its shape is [B,H,S,1]. The arguments are those of
    `intercept_calls`.
    """
    maps = module.get_variable("params", "query_side")
    query_bias = x @ maps["kernel"] + maps["bias"][None, None]
    return call(x, bias + query_bias.swapaxes(-1, -2)[..., None])


FAULT = WiringFault(
    name="edge_bias_of_query",
    claim="each query adds one bias to all its keys, which the softmax cancels",
    module=__name__,
    takes=(("graph_attention/blocks/attention/query_side/*", "invariant"),),
    edit_params=_add_maps,
    intercept=intercept_calls(SelfAttention, _add_bias, name="attention"),
)
