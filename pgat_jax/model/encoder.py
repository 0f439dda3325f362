"""Phase 4 without the bypass: the joint spatio-temporal encoder over [B, S, N, C]."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import CrossAttention, Dropout, attend, gelu, scan_blocks
from pgat_jax.names import BODIES

BLOCKS = 2
"""Joint blocks."""
DILATIONS = (1, 2, 4)
"""Days between the three taps of each temporal convolution."""


class JointBlock(nn.Module):
    """Temporal and spatial reading of the bodies, each attending to the other, gated together."""

    dropout: float

    @nn.compact
    def __call__(self, x: Float[Array, "B S N C"], adjacency: Float[Array, "B S N N"]):
        normed = nn.LayerNorm(name="norm")(x)
        temporal = self._over_days(normed)
        spatial = gelu(nn.Dense(x.shape[-1], name="graph")(adjacency @ normed))
        crossed = self._cross(temporal, spatial)
        both = jnp.concatenate([temporal, crossed], -1)
        gate = jax.nn.sigmoid(nn.Dense(x.shape[-1], name="gate")(both))
        return x + Dropout(self.dropout)(gate * temporal + (1 - gate) * crossed), None

    def _over_days(self, x) -> Float[Array, "B S N C"]:
        """Causal convolutions at three scales as one product of the distinct lagged copies."""
        days, width = x.shape[1], x.shape[-1]
        lags = sorted({tap * dilation for dilation in DILATIONS for tap in range(3)})
        shifted = [jnp.pad(x, [(0, 0), (k, 0), (0, 0), (0, 0)])[:, :days] for k in lags]
        scales = [
            nn.Dense(width, name=f"dilation_{d}")(
                jnp.concatenate([shifted[lags.index(tap * d)] for tap in range(3)], -1)
            )
            for d in DILATIONS
        ]
        return nn.Dense(width, name="scales")(gelu(jnp.concatenate(scales, -1)))

    def _cross(self, temporal, spatial) -> Float[Array, "B S N C"]:
        """Each body's temporal reading asks the spatial readings of all bodies of its day."""
        width = temporal.shape[-1]
        query = nn.Dense(width, use_bias=False, name="cross_query")(temporal)
        packed = nn.Dense(2 * width, use_bias=False, name="cross_key_value")(spatial)
        mixed = attend(query, *jnp.split(packed, 2, -1))
        return nn.Dense(width, name="cross_output")(mixed)


class HierarchicalMapping(nn.Module):
    """Attention pools time into N spatial slots, and each day reads the slots back."""

    heads: int

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"]) -> Float[Array, "B S D"]:
        width = x.shape[-1]
        normed = nn.LayerNorm(name="norm")(x)
        slots = self.param("slots", nn.initializers.normal(1.0), (len(BODIES), width), jnp.float32)
        slots = jnp.broadcast_to(slots.astype(x.dtype), (x.shape[0], *slots.shape))
        slots = slots + CrossAttention(self.heads, name="pool")(slots, normed)
        slots = nn.LayerNorm(name="slot_norm")(slots)
        return CrossAttention(self.heads, name="back")(normed, slots)


class SpatioTemporal(nn.Module):
    """The joint blocks and, where configured, the hierarchical mapping beside them."""

    heads: int
    hierarchical: bool
    dropout: float
    remat: bool

    @nn.compact
    def __call__(
        self, stream: Float[Array, "B S D"], adjacency: Float[Array, "B S N N"]
    ) -> Float[Array, "B S D"]:
        blocks = scan_blocks(JointBlock, BLOCKS, self.remat)
        slots = stream.reshape(*stream.shape[:2], len(BODIES), -1)
        slots, _ = blocks(self.dropout, name="blocks")(slots, adjacency)
        encoded = slots.reshape(stream.shape)
        if self.hierarchical:
            encoded = encoded + HierarchicalMapping(self.heads, name="hierarchy")(stream)
        return encoded
