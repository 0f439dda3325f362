"""Stage 6: the decoder's blocks, then two streams: the targets' own past, and the sky's memory."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.attention import CrossAttention, SelfAttention, causal_mask
from pgat_jax.model.layers import Dropout, FeedForward, scan_blocks
from pgat_jax.model.momentum import target_statistics
from pgat_jax.model.recurrence import GatedRecurrence

# Hidden width of a block's feed-forward map, as a multiple of the stream's.
EXPANSION = 4


class DecoderBlock(nn.Module):
    """A pre-norm block: causal self-attention, attention to the memory, a feed-forward map.

    A call maps (stream [B, L + P, D], memory [B, S, D]) to (the next stream, None).

    Attributes:
        heads: H, the number of attention heads.
        dropout: the rate of the dropout on the three branches.
    """

    heads: int
    dropout: float

    @nn.compact
    def __call__(
        self, x: Float[Array, "B LP D"], memory: Float[Array, "B S D"]
    ) -> tuple[Float[Array, "B LP D"], None]:
        """Computes the next stream from the stream and the memory.

        Args:
            x: the stream of the decoder.
            memory: the stream of the past days.

        Returns:
            The next stream, and None, as `layers.scan_blocks` needs it.
        """
        mask = causal_mask(x.shape[1], x.shape[1])
        self_attention = SelfAttention(self.heads, name="self_attention")
        cross = CrossAttention(self.heads, name="cross_attention")
        feed = FeedForward(EXPANSION * x.shape[-1], x.shape[-1], name="feed_forward")
        drop = Dropout(self.dropout)
        x = x + drop(self_attention(nn.LayerNorm(name="self_norm")(x), mask=mask))
        x = x + drop(cross(nn.LayerNorm(name="cross_norm")(x), memory))
        return x + drop(feed(nn.LayerNorm(name="feed_forward_norm")(x))), None


class Decoder(nn.Module):
    """Decoder blocks as one scanned block.

    A call maps (stream [B, L + P, D], memory [B, S, D]) to the decoded stream [B, L + P, D].

    Attributes:
        layers: the number of blocks.
        heads: H, the number of attention heads.
        dropout: the rate of the dropout.
        remat: whether the backward pass computes each block again from its input.
    """

    layers: int
    heads: int
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B LP D"], memory: Float[Array, "B S D"]
    ) -> Float[Array, "B LP D"]:
        """Computes the decoded stream from the decoder's stream and the memory.

        Args:
            stream: the stream of the decoder.
            memory: the stream of the past days.
        """
        blocks = scan_blocks(DecoderBlock, self.layers, self.remat)
        return blocks(self.heads, self.dropout, name="blocks")(stream, memory)[0]


class TargetStream(nn.Module):
    """The targets' autocorrelation: a recurrence, statistics of the past, causal attention.

    The queries are the P days to predict; the keys are all steps of the decoder. A call maps (the
    decoded stream [B, L + P, D], statistics [B, L + P, R]) to [B, P, D].

    Attributes:
        heads: H, the number of attention heads.
        ahead: P, the days to predict.
    """

    heads: int
    ahead: int

    @nn.compact
    def __call__(
        self, x: Float[Array, "B LP D"], statistics: Float[Array, "B LP R"]
    ) -> Float[Array, "B P D"]:
        """Computes the stream of the days to predict.

        Args:
            x: the decoded stream.
            statistics: those of `momentum.target_statistics`.

        Returns:
            The last P steps of the stream, plus the result of their attention to all steps.
        """
        width = x.shape[-1]
        x = x + nn.Dense(width, name="statistics")(statistics)
        recurrence = GatedRecurrence(name="recurrence")
        x = x + recurrence(nn.LayerNorm(name="recurrence_norm")(x)[..., None, :])[..., 0, :]
        normed = nn.LayerNorm(name="attention_norm")(x)
        attention = CrossAttention(self.heads)
        nn.share_scope(self, attention)  # its parameters are this module's own
        mask = causal_mask(self.ahead, x.shape[1])
        return x[:, -self.ahead :] + attention(normed[:, -self.ahead :], normed, mask)


class DualStream(nn.Module):
    """The target stream and the celestial stream (attention to the memory), fused by an MLP.

    A call maps (the decoded stream [B, L + P, D], memory [B, S, D], targets [B, S, T]) to the
    stream [B, P, D] that the head reads.

    Attributes:
        heads: H, the number of attention heads.
        ahead: P, the days to predict.
    """

    heads: int
    ahead: int

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B LP D"],
        memory: Float[Array, "B S D"],
        targets: Float[Array, "B S T"],
    ) -> Float[Array, "B P D"]:
        """Computes the stream that the head reads.

        Args:
            x: the decoded stream.
            memory: the stream of the past days, after the graph attention.
            targets: the scaled targets of the past days.

        Returns:
            The fused stream of the days to predict, normalised.
        """
        statistics = target_statistics(targets, x.shape[1], self.ahead).astype(x.dtype)
        target = TargetStream(self.heads, self.ahead, name="target")(x, statistics)
        last = x[:, -self.ahead :]
        cross = CrossAttention(self.heads, name="celestial")
        celestial = cross(nn.LayerNorm(name="celestial_norm")(last), memory)
        both = nn.LayerNorm(name="fuse_norm")(jnp.concatenate([target, celestial], -1))
        fused = last + FeedForward(x.shape[-1], x.shape[-1], name="fuse")(both)
        return nn.LayerNorm(name="norm")(fused)
