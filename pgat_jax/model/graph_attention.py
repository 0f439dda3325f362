"""Phase 5: attention over time, its keys biased by the edges of their day."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import Dropout, FeedForward, SelfAttention, gelu, scan_blocks


class EdgePooling(nn.Module):
    """Edge vectors, encoded pair by pair and averaged over the pairs of a day."""

    @nn.compact
    def __call__(self, edges: Float[Array, "B S N N E"]) -> Float[Array, "B S h"]:
        encoded = gelu(nn.Dense(edges.shape[-1], name="encode")(edges))
        return encoded.mean((-3, -2))


class GraphAttentionBlock(nn.Module):
    """Pre-norm block; score = q k / sqrt(d) + scale * bias_j, a bias a head for the key's day j."""

    heads: int
    hidden: int
    dropout: float

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], pooled: Float[Array, "B S h"]):
        bias = nn.Dense(self.heads, use_bias=False, name="edge_bias")(pooled)
        scale = self.param("edge_scale", nn.initializers.ones, (self.heads,), jnp.float32)
        bias = (bias * scale[None, None]).swapaxes(-1, -2)[..., None, :]
        attention = SelfAttention(self.heads, name="attention")
        feed = FeedForward(self.hidden, x.shape[-1], name="feed_forward")
        x = x + Dropout(self.dropout)(attention(nn.LayerNorm(name="attention_norm")(x), bias))
        x = x + Dropout(self.dropout)(feed(nn.LayerNorm(name="feed_forward_norm")(x)))
        return x, None


class GraphAttention(nn.Module):
    """e_layers blocks as one scanned block; a last LayerNorm makes the memory."""

    layers: int
    heads: int
    hidden: int
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B S D"], edges: Float[Array, "B S N N E"]
    ) -> Float[Array, "B S D"]:
        blocks = scan_blocks(GraphAttentionBlock, self.layers, self.remat)
        pooled = EdgePooling(name="edges")(edges)
        stream, _ = blocks(self.heads, self.hidden, self.dropout, name="blocks")(stream, pooled)
        return nn.LayerNorm(name="norm")(stream)
