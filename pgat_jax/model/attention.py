"""Multi-head attention; the heads axis comes before time. It depends on `precision` alone."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Bool, Float

from pgat_jax.model.precision import widen

# The logit of a masked key. It is finite, so that a row without any key stays finite.
MASKED = -1e9


def attend(
    query: Float[Array, "*B S A"],
    key: Float[Array, "*B M A"],
    value: Float[Array, "*B M O"],
    bias: Float[Array, "..."] | None = None,
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, "*B S O"]:
    """Computes scaled dot-product attention, its softmax in float32 or wider.

    Args:
        query: S queries.
        key: M keys.
        value: M values.
        bias: values to add to the logits; its shape broadcasts to [*B, S, M].
        mask: True where a query may read a key; its shape broadcasts to [*B, S, M].

    Returns:
        The mean of the values for each query, weighted by its attention.
    """
    logits = jnp.einsum("...SA,...MA->...SM", query * query.shape[-1] ** -0.5, key)
    logits = widen(logits)
    if bias is not None:
        logits = logits + bias
    if mask is not None:
        logits = jnp.where(mask, logits, MASKED)
    weights = jax.nn.softmax(logits).astype(value.dtype)
    return checkpoint_name(jnp.einsum("...SM,...MO->...SO", weights, value), "mixed")


def split_heads(x: Float[Array, "B S W"], heads: int) -> Float[Array, "B H S A"]:
    """Splits the last axis into heads, and moves them in front of time.

    Products over time are fastest in this layout.

    Args:
        x: a stream of width W = H A.
        heads: H.

    Returns:
        The stream of each head.
    """
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-3, -2)


def merge_heads(x: Float[Array, "B H S A"]) -> Float[Array, "B S W"]:
    """Moves the heads behind time and joins them; the inverse of `split_heads`.

    Args:
        x: the stream of each head.

    Returns:
        A stream of width W = H A.
    """
    x = x.swapaxes(-3, -2)
    return x.reshape(*x.shape[:-2], -1)


def causal_mask(queries: int, keys: int) -> Bool[Array, "S M"]:
    """Computes the mask with which a query reads no later key.

    Args:
        queries: S, the number of queries; they are the last S of the steps.
        keys: M, the number of keys, one for each step.

    Returns:
        True where the key is not later than the query.
    """
    return jnp.arange(keys)[None] <= jnp.arange(keys - queries, keys)[:, None]


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself: (x [B, S, W], bias, mask) -> [B, S, W].

    Queries, keys and values have no bias: a key's would cancel in the softmax, and the LayerNorm
    before them has one already. `bias` and `mask` are those of `attend`, and may be left out.

    Attributes:
        heads: H, the number of heads, a divisor of W.
    """

    heads: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S W"],
        bias: Float[Array, "..."] | None = None,
        mask: Bool[Array, "..."] | None = None,
    ) -> Float[Array, "B S W"]:
        """Computes attention among the steps of a sequence.

        Args:
            x: the sequence.
            bias: as in `attend`.
            mask: as in `attend`.

        Returns:
            The result of the attention for each step, mapped to width W.
        """
        width = x.shape[-1]
        packed = _save(nn.Dense(3 * width, use_bias=False, name="query_key_value")(x))
        query, key, value = (split_heads(part, self.heads) for part in jnp.split(packed, 3, -1))
        mixed = merge_heads(attend(query, key, value, bias, mask))
        return nn.Dense(width, name="output")(mixed)


class CrossAttention(nn.Module):
    """Multi-head attention of one sequence, x, to another, the memory.

    A call maps (x [B, S, W], memory [B, M, W], mask) to [B, S, W].

    Attributes:
        heads: H, the number of heads, a divisor of W.
    """

    heads: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S W"],
        memory: Float[Array, "B M W"],
        mask: Bool[Array, "..."] | None = None,
    ) -> Float[Array, "B S W"]:
        """Computes attention of the steps of one sequence to those of another.

        Args:
            x: the sequence of the queries.
            memory: the sequence of the keys and values.
            mask: as in `attend`.

        Returns:
            The result of the attention for each step of `x`, mapped to width W.
        """
        width = x.shape[-1]
        query = _save(nn.Dense(width, use_bias=False, name="query")(x))
        packed = _save(nn.Dense(2 * width, use_bias=False, name="key_value")(memory))
        query, key, value = (
            split_heads(part, self.heads) for part in (query, *jnp.split(packed, 2, -1))
        )
        mixed = merge_heads(attend(query, key, value, mask=mask))
        return nn.Dense(width, name="output")(mixed)


def _save(x: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """Gives a name to an activation that `layers.scan_blocks` keeps for the backward pass."""
    return checkpoint_name(x, "projected")
