"""Phase 6: decoder blocks, then two streams: the targets' own past, and the sky's memory."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import (
    CrossAttention,
    Dropout,
    FeedForward,
    SelfAttention,
    attend,
    causal_mask,
    merge_heads,
    scan_blocks,
    split_heads,
)
from pgat_jax.model.momentum import target_statistics
from pgat_jax.model.recurrence import GatedRecurrence


class DecoderBlock(nn.Module):
    """Pre-norm: causal self-attention, attention to the memory, feed-forward of 4 D."""

    heads: int
    dropout: float

    @nn.compact
    def __call__(self, x: Float[Array, "B LP D"], memory: Float[Array, "B S D"]):
        mask = causal_mask(x.shape[1], x.shape[1])
        self_attention = SelfAttention(self.heads, name="self_attention")
        cross = CrossAttention(self.heads, name="cross_attention")
        feed = FeedForward(4 * x.shape[-1], x.shape[-1], name="feed_forward")
        drop = Dropout(self.dropout)
        x = x + drop(self_attention(nn.LayerNorm(name="self_norm")(x), mask=mask))
        x = x + drop(cross(nn.LayerNorm(name="cross_norm")(x), memory))
        return x + drop(feed(nn.LayerNorm(name="feed_forward_norm")(x))), None


class Decoder(nn.Module):
    """d_layers blocks as one scanned block."""

    layers: int
    heads: int
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B LP D"], memory: Float[Array, "B S D"]
    ) -> Float[Array, "B LP D"]:
        blocks = scan_blocks(DecoderBlock, self.layers, self.remat)
        return blocks(self.heads, self.dropout, name="blocks")(stream, memory)[0]


class TargetStream(nn.Module):
    """The targets' autocorrelation: recurrence, statistics of the past, causal self-attention.

    Only the P days to predict ask; all decoder steps answer.
    """

    heads: int
    ahead: int

    @nn.compact
    def __call__(
        self, x: Float[Array, "B LP D"], statistics: Float[Array, "B LP Q"]
    ) -> Float[Array, "B P D"]:
        width = x.shape[-1]
        x = x + nn.Dense(width, name="statistics")(statistics)
        recurrence = GatedRecurrence(name="recurrence")
        x = x + recurrence(nn.LayerNorm(name="recurrence_norm")(x)[..., None, :])[..., 0, :]
        normed = nn.LayerNorm(name="attention_norm")(x)
        query = nn.Dense(width, use_bias=False, name="query")(normed[:, -self.ahead :])
        packed = nn.Dense(2 * width, use_bias=False, name="key_value")(normed)
        query, key, value = (
            split_heads(part, self.heads) for part in (query, *jnp.split(packed, 2, -1))
        )
        mask = causal_mask(self.ahead, x.shape[1])
        mixed = merge_heads(attend(query, key, value, mask=mask))
        return x[:, -self.ahead :] + nn.Dense(width, name="output")(mixed)


class DualStream(nn.Module):
    """Target stream and celestial stream (attention to the memory), fused by an MLP."""

    heads: int
    ahead: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B LP D"],
        memory: Float[Array, "B S D"],
        targets: Float[Array, "B S T"],
    ) -> Float[Array, "B P D"]:
        statistics = target_statistics(targets, x.shape[1], self.ahead).astype(x.dtype)
        target = TargetStream(self.heads, self.ahead, name="target")(x, statistics)
        last = x[:, -self.ahead :]
        cross = CrossAttention(self.heads, name="celestial")
        celestial = cross(nn.LayerNorm(name="celestial_norm")(last), memory)
        both = nn.LayerNorm(name="fuse_norm")(jnp.concatenate([target, celestial], -1))
        fused = last + FeedForward(x.shape[-1], x.shape[-1], name="fuse")(both)
        return nn.LayerNorm(name="norm")(fused)
