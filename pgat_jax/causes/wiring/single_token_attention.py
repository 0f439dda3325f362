"""The fault: each body is one token, which attends to itself alone.

The PyTorch original does this. A softmax over one logit is 1, so neither query nor key has a
gradient.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.causes.interception import intercept_calls
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.model.attention import attend
from pgat_jax.model.tokens import BodyTokens
from pgat_jax.names import BODIES


def _attend_to_itself(module: Any, _call: Any, past: jax.Array) -> Any:
    """Runs the attention, with the module's parameters, over one token: the sum of all columns."""
    own, slots = module.variables["params"], np.asarray(module.columns.slots)
    packed = np.flatnonzero(slots >= 0)
    is_of_body = jnp.asarray(slots[packed, None] == np.arange(len(BODIES)), past.dtype)
    token = jnp.einsum("BSP,PC,PN->BSNC", past[..., packed], own["vector"], is_of_body)
    token = token + jnp.einsum("PC,PN->NC", own["embedding"], is_of_body)[None, None]
    query, key, value = (
        jnp.einsum("BSNC,NCD->BSND", token, own[f"{name}_kernel"])[..., None, :]
        for name in ("query", "key", "value")
    )
    return attend(query, key, value)[..., 0, :] + own["bias"][None, None]


FAULT = WiringFault(
    name="single_token_attention",
    claim="each body's attention runs over a single token, so its weight is always 1",
    module=__name__,
    takes=(
        ("phase/tokens/query_kernel", "invariant"),
        ("phase/tokens/key_kernel", "invariant"),
    ),
    intercept=intercept_calls(BodyTokens, _attend_to_itself),
)
