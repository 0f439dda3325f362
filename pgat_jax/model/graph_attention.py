"""Stage 5: attention over the past days, its keys biased by the edges of their day."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.attention import SelfAttention
from pgat_jax.model.layers import Dropout, FeedForward, gelu, scan_blocks


class EdgePooling(nn.Module):
    """Encodes the edge vectors of each pair, and averages them over the pairs of a day.

    A call maps edge vectors [B, S, N, N, E] to [B, S, E].
    """

    @nn.compact
    def __call__(self, edges: Float[Array, "B S N N E"]) -> Float[Array, "B S E"]:
        """Computes one vector for each day.

        Args:
            edges: the edge vectors of each pair.
        """
        encoded = gelu(nn.Dense(edges.shape[-1], name="encode")(edges))
        return encoded.mean((-3, -2))


class GraphAttentionBlock(nn.Module):
    """A pre-norm block of self-attention over the days and a feed-forward map.

    The logit of key j is q k_j / sqrt(A) + scale * bias_j, with a bias for each head and day j, and
    the width A of a head. A call maps (stream [B, S, D], pooled edges [B, S, E]) to (the next
    stream, None).

    Attributes:
        heads: H, the number of attention heads.
        hidden: I, the hidden width of the feed-forward map.
        dropout: the rate of the dropout on both branches.
    """

    heads: int
    hidden: int
    dropout: float

    @nn.compact
    def __call__(
        self, x: Float[Array, "B S D"], pooled: Float[Array, "B S E"]
    ) -> tuple[Float[Array, "B S D"], None]:
        """Computes the next stream from the stream and the pooled edges of each day.

        Args:
            x: the stream.
            pooled: the vector of `EdgePooling` for each day.

        Returns:
            The next stream, and None, as `layers.scan_blocks` needs it.
        """
        bias = nn.Dense(self.heads, use_bias=False, name="edge_bias")(pooled)
        scale = self.param("edge_scale", nn.initializers.ones, (self.heads,), jnp.float32)
        bias = (bias * scale[None, None]).swapaxes(-1, -2)[..., None, :]
        attention = SelfAttention(self.heads, name="attention")
        feed = FeedForward(self.hidden, x.shape[-1], name="feed_forward")
        x = x + Dropout(self.dropout)(attention(nn.LayerNorm(name="attention_norm")(x), bias))
        x = x + Dropout(self.dropout)(feed(nn.LayerNorm(name="feed_forward_norm")(x)))
        return x, None


class GraphAttention(nn.Module):
    """Graph attention blocks as one scanned block; a last LayerNorm gives the memory.

    A call maps (stream [B, S, D], edge vectors [B, S, N, N, E]) to the memory [B, S, D].

    Attributes:
        layers: the number of blocks.
        heads: H, the number of attention heads.
        hidden: I, the hidden width of the feed-forward maps.
        dropout: the rate of the dropout.
        remat: whether the backward pass computes each block again from its input.
    """

    layers: int
    heads: int
    hidden: int
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B S D"], edges: Float[Array, "B S N N E"]
    ) -> Float[Array, "B S D"]:
        """Computes the memory from the stream and the edge vectors of each day.

        Args:
            stream: the stream of the past days.
            edges: the edge vectors of each pair.
        """
        blocks = scan_blocks(GraphAttentionBlock, self.layers, self.remat)
        pooled = EdgePooling(name="edges")(edges)
        stream, _ = blocks(self.heads, self.hidden, self.dropout, name="blocks")(stream, pooled)
        return nn.LayerNorm(name="norm")(stream)
