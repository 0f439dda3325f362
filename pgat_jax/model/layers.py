"""Layers that several phases share: attention with heads in front of time, FFN, cheap dropout."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

MASKED = -1e9
"""Logit of a masked key; finite, so that a row with no key at all stays finite."""


def attend(
    query: Float[Array, "*B S d"],
    key: Float[Array, "*B K d"],
    value: Float[Array, "*B K e"],
    bias: Float[Array, "..."] | None = None,
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, "*B S e"]:
    """Scaled dot-product attention; softmax in float32. ``mask`` is True where a key is seen."""
    logits = jnp.einsum("...Sd,...Kd->...SK", query * query.shape[-1] ** -0.5, key)
    logits = logits.astype(jnp.float32)
    if bias is not None:
        logits = logits + bias
    if mask is not None:
        logits = jnp.where(mask, logits, MASKED)
    weights = jax.nn.softmax(logits).astype(value.dtype)
    return jnp.einsum("...SK,...Ke->...Se", weights, value)


def split_heads(x: Float[Array, "B S W"], heads: int) -> Float[Array, "B H S d"]:
    """Heads in front of time: the layout in which products over time are fastest."""
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-3, -2)


def merge_heads(x: Float[Array, "B H S d"]) -> Float[Array, "B S W"]:
    """Inverse of ``split_heads``."""
    x = x.swapaxes(-3, -2)
    return x.reshape(*x.shape[:-2], -1)


def causal_mask(queries: int, keys: int) -> Bool[Array, "Q K"]:
    """True where the key is not later than the query; the last query sees every key."""
    return jnp.arange(keys) <= jnp.arange(keys - queries, keys)[:, None]


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself.

    No biases: the softmax would not see a key's, and the LayerNorm in front has one already.
    """

    heads: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S W"],
        bias: Float[Array, "..."] | None = None,
        mask: Bool[Array, "..."] | None = None,
    ) -> Float[Array, "B S W"]:
        width = x.shape[-1]
        packed = nn.Dense(3 * width, use_bias=False, name="query_key_value")(x)
        query, key, value = (split_heads(part, self.heads) for part in jnp.split(packed, 3, -1))
        mixed = merge_heads(attend(query, key, value, bias, mask))
        return nn.Dense(width, name="output")(mixed)


class CrossAttention(nn.Module):
    """Multi-head attention of one sequence to another."""

    heads: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S W"],
        memory: Float[Array, "B K W"],
        mask: Bool[Array, "..."] | None = None,
    ) -> Float[Array, "B S W"]:
        width = x.shape[-1]
        query = nn.Dense(width, use_bias=False, name="query")(x)
        packed = nn.Dense(2 * width, use_bias=False, name="key_value")(memory)
        query, key, value = (
            split_heads(part, self.heads) for part in (query, *jnp.split(packed, 2, -1))
        )
        mixed = merge_heads(attend(query, key, value, None, mask))
        return nn.Dense(width, name="output")(mixed)


class FeedForward(nn.Module):
    """Two linear maps around a GELU (tanh form)."""

    hidden: int
    width: int
    kernel_init: nn.initializers.Initializer = nn.initializers.lecun_normal()
    """Of the last map."""

    @nn.compact
    def __call__(self, x: Float[Array, "*B W"]) -> Float[Array, "*B O"]:
        x = nn.gelu(nn.Dense(self.hidden, name="in")(x))
        return nn.Dense(self.width, kernel_init=self.kernel_init, name="out")(x)


class Dropout(nn.Module):
    """Drops with probability round(256 rate)/256, one random byte an activation.

    A byte is a quarter of the random bits that ``jax.random.bernoulli`` draws; on CPU that makes
    dropout cheaper than the product it follows. Without a ``dropout`` key it does nothing.
    """

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "*B"]) -> Float[Array, "*B"]:
        dropped = round(256 * self.rate)
        if not dropped or not self.has_rng("dropout"):
            return x
        words = jax.random.bits(self.make_rng("dropout"), (-(-x.size // 4),), jnp.uint32)
        octets = jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(-1)[: x.size]
        keep = octets.reshape(x.shape) >= dropped
        return jnp.where(keep, x * (256 / (256 - dropped)), 0)
