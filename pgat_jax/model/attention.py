"""Multi-head attention; the heads axis comes before time. It depends on `precision` alone."""

from typing import Any

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

    The backward pass computes the weights again from the greatest logit and the sum of each row,
    and the mean gradient of a row from the result (Dao et al. 2022, FlashAttention, appendix B.2).
    So it reads and writes arrays of the size [*B, S, M] less often than that of a softmax.

    Args:
        query: S queries.
        key: M keys.
        value: M values.
        bias: values to add to the logits; its shape broadcasts to [*B, S, M].
        mask: True where a query may read a key; its shape broadcasts to [*B, S, M].

    Returns:
        The mean of the values for each query, weighted by its attention.
    """
    return _attend(query, key, value, bias, mask)


@jax.custom_vjp
def _attend(query: Any, key: Any, value: Any, bias: Any, mask: Any) -> jax.Array:
    return _attend_forward(query, key, value, bias, mask)[0]


def _attend_forward(
    query: Any, key: Any, value: Any, bias: Any, mask: Any
) -> tuple[jax.Array, tuple[Any, ...]]:
    logits = _compute_logits(query, key, bias, mask)
    top = logits.max(-1, keepdims=True)
    shares = jnp.exp(logits - top)
    total = shares.sum(-1, keepdims=True)
    weights = (shares / total).astype(value.dtype)
    mixed = checkpoint_name(jnp.einsum("...SM,...MO->...SO", weights, value), "mixed")
    rows = checkpoint_name((top, total), "mixed")
    return mixed, (query, key, value, bias, mask, mixed, rows)


def _attend_backward(saved: tuple[Any, ...], gradient: jax.Array) -> tuple[Any, ...]:
    query, key, value, bias, mask, mixed, (top, total) = saved
    weights = jnp.exp(_compute_logits(query, key, bias, mask) - top) / total
    of_weights = widen(jnp.einsum("...SO,...MO->...SM", gradient, value))
    mean = (widen(gradient) * widen(mixed)).sum(-1, keepdims=True)
    of_logits = weights * (of_weights - mean)
    if mask is not None:
        of_logits = jnp.where(mask, of_logits, 0.0)
    of_bias = None if bias is None else _sum_to(of_logits, bias.shape).astype(bias.dtype)
    of_logits = of_logits.astype(query.dtype)
    scale = query.shape[-1] ** -0.5
    of_query = scale * jnp.einsum("...SM,...MA->...SA", of_logits, key)
    of_key = jnp.einsum("...SM,...SA->...MA", of_logits, scale * query)
    of_value = jnp.einsum("...SM,...SO->...MO", weights.astype(value.dtype), gradient)
    return of_query, of_key, of_value, of_bias, None


_attend.defvjp(_attend_forward, _attend_backward)


def _compute_logits(query: Any, key: Any, bias: Any, mask: Any) -> jax.Array:
    scaled = query * query.shape[-1] ** -0.5
    logits = widen(jnp.einsum("...SA,...MA->...SM", scaled, key))
    if bias is not None:
        logits = logits + bias
    return logits if mask is None else jnp.where(mask, logits, MASKED)


def _sum_to(x: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Sums over the axes along which an array of a shape was broadcast to that of `x`."""
    extra = x.ndim - len(shape)
    repeated = [i + extra for i, n in enumerate(shape) if n == 1 != x.shape[i + extra]]
    return x.sum((*range(extra), *repeated), keepdims=True).reshape(shape)


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
