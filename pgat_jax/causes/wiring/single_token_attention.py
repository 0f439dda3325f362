"""Each body is one token, and attends to itself: a softmax over one logit is 1."""

import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.interception import on_call
from pgat_jax.causes.intervention import Fault
from pgat_jax.data.columns import BODIES
from pgat_jax.model.layers import attend
from pgat_jax.model.phase import BodyTokens


def _one_token(module, call, past):
    """The module's parameters, with the sum of a body's columns as its only token."""
    own, slots = module.variables["params"], np.asarray(module.columns.slots)
    packed = np.flatnonzero(slots >= 0)
    is_of_body = jnp.asarray(slots[packed, None] == np.arange(len(BODIES)), past.dtype)
    token = jnp.einsum("BSP,PC,PN->BSNC", past[..., packed], own["vector"], is_of_body)
    token = token + jnp.einsum("PC,PN->NC", own["embedding"], is_of_body)
    query, key, value = (
        jnp.einsum("BSNC,NCD->BSND", token, own[f"{name}_kernel"])[..., None, :]
        for name in ("query", "key", "value")
    )
    return attend(query, key, value)[..., 0, :] + own["bias"]


FAULT = Fault(
    name="single_token_attention",
    claim="each body's attention runs over a single token, so its weight is always 1",
    takes=(
        ("phase/tokens/query_kernel", "invariant"),
        ("phase/tokens/key_kernel", "invariant"),
    ),
    intercept=on_call(BodyTokens, _one_token),
)
