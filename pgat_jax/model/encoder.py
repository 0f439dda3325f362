"""Stage 4 without the bypass: the joint spatio-temporal encoder over [B, S, N, C]."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.attention import CrossAttention, attend
from pgat_jax.model.layers import Dropout, gelu, scan_blocks
from pgat_jax.names import BODIES

# Number of joint blocks.
BLOCKS = 2
# Days between the taps of each temporal convolution, and the number of its taps.
DILATIONS = (1, 2, 4)
TAPS = 3


class JointBlock(nn.Module):
    """Mixes temporal features of the bodies with their attention to spatial features, by a gate.

    A call maps (features [B, S, N, C], adjacency [B, S, N, N]) to (the next features, None).

    Attributes:
        dropout: the rate of the dropout on the branch.
    """

    dropout: float

    @nn.compact
    def __call__(
        self, x: Float[Array, "B S N C"], adjacency: Float[Array, "B S N N"]
    ) -> tuple[Float[Array, "B S N C"], None]:
        """Computes the next features of the bodies from the features and an adjacency.

        Args:
            x: the features of the bodies.
            adjacency: the mixed adjacency.

        Returns:
            The next features, and None, as `layers.scan_blocks` needs it.
        """
        normed = nn.LayerNorm(name="norm")(x)
        temporal = self._over_days(normed)
        spatial = gelu(nn.Dense(x.shape[-1], name="graph")(adjacency @ normed))
        crossed = self._cross(temporal, spatial)
        both = jnp.concatenate([temporal, crossed], -1)
        gate = jax.nn.sigmoid(nn.Dense(x.shape[-1], name="gate")(both))
        return x + Dropout(self.dropout)(gate * temporal + (1 - gate) * crossed), None

    def _over_days(self, x: Float[Array, "B S N C"]) -> Float[Array, "B S N C"]:
        """Applies causal convolutions at three scales; each lagged copy is made once."""
        days, width = x.shape[1], x.shape[-1]
        lags = sorted({tap * dilation for dilation in DILATIONS for tap in range(TAPS)})
        shifted = [jnp.pad(x, [(0, 0), (k, 0), (0, 0), (0, 0)])[:, :days] for k in lags]
        scales = [
            nn.Dense(width, name=f"dilation_{d}")(
                jnp.concatenate([shifted[lags.index(tap * d)] for tap in range(TAPS)], -1)
            )
            for d in DILATIONS
        ]
        return nn.Dense(width, name="scales")(gelu(jnp.concatenate(scales, -1)))

    def _cross(
        self, temporal: Float[Array, "B S N C"], spatial: Float[Array, "B S N C"]
    ) -> Float[Array, "B S N C"]:
        """Computes attention of each body's temporal features to all bodies' spatial features."""
        width = temporal.shape[-1]
        query = nn.Dense(width, use_bias=False, name="cross_query")(temporal)
        packed = nn.Dense(2 * width, use_bias=False, name="cross_key_value")(spatial)
        mixed = attend(query, *jnp.split(packed, 2, -1))
        return nn.Dense(width, name="cross_output")(mixed)


class HierarchicalMapping(nn.Module):
    """Pools the days into N = 13 slots by attention; each day then attends to the slots.

    A call maps a stream [B, S, D] to [B, S, D].

    Attributes:
        heads: H, the number of attention heads.
    """

    heads: int

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"]) -> Float[Array, "B S D"]:
        """Computes for each day the result of its attention to the slots."""
        width = x.shape[-1]
        normed = nn.LayerNorm(name="norm")(x)
        slots = self.param("slots", nn.initializers.normal(1.0), (len(BODIES), width), jnp.float32)
        slots = jnp.broadcast_to(slots.astype(x.dtype), (x.shape[0], *slots.shape))
        slots = slots + CrossAttention(self.heads, name="pool")(slots, normed)
        slots = nn.LayerNorm(name="slot_norm")(slots)
        return CrossAttention(self.heads, name="back")(normed, slots)


class SpatioTemporal(nn.Module):
    """The joint blocks and, where configured, the hierarchical mapping beside them.

    A call maps (stream [B, S, D], adjacency [B, S, N, N]) to the encoded stream [B, S, D].

    Attributes:
        heads: H, the number of attention heads of the hierarchical mapping.
        hierarchical: whether to build the hierarchical mapping.
        dropout: the rate of the dropout.
        remat: whether the backward pass computes each block again from its input.
    """

    heads: int
    hierarchical: bool
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B S D"], adjacency: Float[Array, "B S N N"]
    ) -> Float[Array, "B S D"]:
        """Computes the encoded stream from the stream and the mixed adjacency.

        Args:
            stream: the enhanced stream, D = N C.
            adjacency: the mixed adjacency.
        """
        blocks = scan_blocks(JointBlock, BLOCKS, self.remat)
        slots = stream.reshape(*stream.shape[:2], len(BODIES), -1)
        slots, _ = blocks(self.dropout, name="blocks")(slots, adjacency)
        encoded = slots.reshape(stream.shape)
        if self.hierarchical:
            encoded = encoded + HierarchicalMapping(self.heads, name="hierarchy")(stream)
        return encoded
