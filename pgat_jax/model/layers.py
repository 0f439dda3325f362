"""Layers that several phases share: attention with heads in front of time, FFN, cheap dropout."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Bool, Float

from pgat_jax.model.precision import widen

MASKED = -1e9
"""Logit of a masked key; finite, so that a row with no key at all stays finite."""
SAVED = ("projected", "mixed", "hidden", "branch", "keep")
"""Activations of a block that its backward pass reads; whatever lies between is recomputed.

Among that are attention weights: on CPU they cost as much to keep as to make again.
"""


def scan_blocks(block: type[nn.Module], length: int, remat: bool = False):
    """``length`` copies of a block one after the other, parameters stacked in front.

    Of each block only the products and the dropout masks are kept for the backward pass, with
    ``remat`` only its input. A block maps (stream, *shared) to (stream, None).
    """
    policies = jax.checkpoint_policies
    policy = policies.nothing_saveable if remat else policies.save_only_these_names(*SAVED)
    return nn.scan(
        nn.remat(block, prevent_cse=False, policy=policy),
        variable_axes={"params": 0},
        split_rngs={"params": True, "dropout": True},
        in_axes=nn.broadcast,  # pyright: ignore[reportArgumentType]
        length=length,
    )


@jax.custom_jvp
def gelu(x: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """GELU, tanh form (Hendrycks and Gimpel, 2016), keeping one array for the backward pass."""
    return _gelu_and_slope(x)[0]


@gelu.defjvp
def _gelu_jvp(primals, tangents):
    value, slope = _gelu_and_slope(*primals)
    return value, slope * tangents[0]


def _gelu_and_slope(x):
    scale = math.sqrt(2 / math.pi)
    squared = 0.044715 * x * x
    tanh = jnp.tanh(scale * x * (1 + squared))
    slope = 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * (scale * (1 + 3 * squared))
    return 0.5 * x * (1 + tanh), slope


def attend(
    query: Float[Array, "*B S d"],
    key: Float[Array, "*B K d"],
    value: Float[Array, "*B K e"],
    bias: Float[Array, "..."] | None = None,
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, "*B S e"]:
    """Scaled dot-product attention; softmax in float32. ``mask`` is True where a key is seen."""
    logits = jnp.einsum("...Sd,...Kd->...SK", query * query.shape[-1] ** -0.5, key)
    logits = widen(logits)
    if bias is not None:
        logits = logits + bias
    if mask is not None:
        logits = jnp.where(mask, logits, MASKED)
    weights = jax.nn.softmax(logits).astype(value.dtype)
    return checkpoint_name(jnp.einsum("...SK,...Ke->...Se", weights, value), "mixed")


def split_heads(x: Float[Array, "B S W"], heads: int) -> Float[Array, "B H S d"]:
    """Heads in front of time: the layout in which products over time are fastest."""
    return x.reshape(*x.shape[:-1], heads, -1).swapaxes(-3, -2)


def merge_heads(x: Float[Array, "B H S d"]) -> Float[Array, "B S W"]:
    """Inverse of ``split_heads``."""
    x = x.swapaxes(-3, -2)
    return x.reshape(*x.shape[:-2], -1)


def causal_mask(queries: int, keys: int) -> Bool[Array, "Q K"]:
    """True where the key is not later than the query; the last query sees every key."""
    return jnp.arange(keys)[None] <= jnp.arange(keys - queries, keys)[:, None]


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
        packed = _projected(nn.Dense(3 * width, use_bias=False, name="query_key_value")(x))
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
        query = _projected(nn.Dense(width, use_bias=False, name="query")(x))
        packed = _projected(nn.Dense(2 * width, use_bias=False, name="key_value")(memory))
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
        x = gelu(checkpoint_name(nn.Dense(self.hidden, name="in")(x), "hidden"))
        return nn.Dense(self.width, kernel_init=self.kernel_init, name="out")(x)


class Dropout(nn.Module):
    """Drops with probability round(256 rate)/256, one random byte an activation.

    A byte is a quarter of the random bits that ``jax.random.bernoulli`` draws; on CPU that makes
    dropout cheaper than the product it follows. Each row of the batch has words of its own, so that
    every device draws those of its rows alone. Without a ``dropout`` key it does nothing.
    """

    rate: float

    @nn.compact
    def __call__(self, x: Float[Array, "*B"]) -> Float[Array, "*B"]:
        dropped = round(256 * self.rate)
        if not dropped or not self.has_rng("dropout"):
            return x
        each = x.size // len(x)
        words = jax.random.bits(self.make_rng("dropout"), (len(x), -(-each // 4)), jnp.uint32)
        octets = jax.lax.bitcast_convert_type(words, jnp.uint8).reshape(len(x), -1)[:, :each]
        keep = checkpoint_name(octets.reshape(x.shape) >= dropped, "keep")
        return jnp.where(keep, checkpoint_name(x, "branch") * (256 / (256 - dropped)), 0)


def _projected(x: Float[Array, "*B"]) -> Float[Array, "*B"]:
    return checkpoint_name(x, "projected")
