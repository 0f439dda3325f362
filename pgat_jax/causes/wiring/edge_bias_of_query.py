"""An edge bias of the query's day and a constant for each head: the softmax cancels both."""

import jax
import jax.numpy as jnp

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault, edited
from pgat_jax.model.build import Params
from pgat_jax.model.layers import SelfAttention


def _added(params: Params) -> Params:
    """A map from the stream to the heads for each layer: [layers, D, H], and its bias."""
    blocks = params["graph_attention"]["blocks"]
    layers, width, _ = blocks["attention"]["query_key_value"]["kernel"].shape
    heads = blocks["edge_scale"].shape[1]
    kernel = jax.random.normal(jax.random.key(0), (layers, width, heads)) * width**-0.5
    added = {"kernel": kernel, "bias": jnp.zeros((layers, heads))}
    return edited(params, "graph_attention/blocks/attention/query_side", added)


def _of_query(module, call, x, bias):
    """[B,S,D] -> [B,H,S,1], the same for all keys, on top of the bias of the key's day."""
    added = module.get_variable("params", "query_side")
    own = x @ added["kernel"] + added["bias"]
    return call(x, bias + own.swapaxes(-1, -2)[..., None])


FAULT = Fault(
    name="edge_bias_of_query",
    claim="each query adds a bias of its own to all its keys, which the softmax cancels",
    takes=(("graph_attention/blocks/attention/query_side/*", "invariant"),),
    params=_added,
    intercept=on_call(SelfAttention, _of_query, name="attention"),
)
