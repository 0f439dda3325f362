"""Stage 1: the features of each body, the edges of each pair, and the phase adjacency."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.data.columns import Columns
from pgat_jax.model.angles import phase_edges
from pgat_jax.model.attention import attend
from pgat_jax.model.layers import gelu
from pgat_jax.model.precision import widen
from pgat_jax.model.recurrence import GatedRecurrence
from pgat_jax.model.tokens import BodyTokens


class Phase(nn.Module):
    """Features of the bodies, edges of their pairs, and an adjacency learned from both.

    A call maps (scaled columns [B, S, V], unscaled phases [B, S, N, 4]) to (features
    [B, S, N, C], phase features of the pairs [B, S, N, N, 6], adjacency [B, S, N, N]).

    Attributes:
        channels: C, the channels of each body.
        pair_width: E, the hidden width of the adjacency's MLP.
        columns: the layout of the input columns.
    """

    channels: int
    pair_width: int
    columns: Columns

    @nn.compact
    def __call__(
        self, past: Float[Array, "B S V"], phase: Float[Array, "B S N 4"]
    ) -> tuple[Float[Array, "B S N C"], Float[Array, "B S N N 6"], Float[Array, "B S N N"]]:
        """Computes features of the bodies, edges, and the phase adjacency in (0, 1).

        Args:
            past: the scaled columns of the past days.
            phase: the unscaled phases, as in `angles.phase_edges`.

        Returns:
            Body features, phase edges and the phase adjacency, on each day.
        """
        x = BodyTokens(self.channels, self.columns, name="tokens")(past)
        x = x + GatedRecurrence(name="recurrence")(nn.LayerNorm(name="recurrence_norm")(x))
        edges = phase_edges(phase).astype(x.dtype)
        logits = self._adjacency_logits(x, edges)
        adjacency = jax.nn.sigmoid(logits).astype(x.dtype)
        return x + self._between_bodies(x, logits), edges, adjacency

    def _adjacency_logits(
        self, x: Float[Array, "B S N C"], edges: Float[Array, "B S N N 6"]
    ) -> Float[Array, "B S N N"]:
        """Applies an MLP to (features of i, features of j, edge).

        Its first layer is linear, so it is computed as the sum of three parts.
        """
        ends = nn.Dense(2 * self.pair_width, use_bias=False, name="adjacency_ends")(x)
        source, target = jnp.split(ends, 2, -1)
        pairs = nn.Dense(self.pair_width, name="adjacency_edge")(edges)
        hidden = gelu(source[..., :, None, :] + target[..., None, :, :] + pairs)
        return widen(nn.Dense(1, name="adjacency_out")(hidden)[..., 0])

    def _between_bodies(
        self, x: Float[Array, "B S N C"], logits: Float[Array, "B S N N"]
    ) -> Float[Array, "B S N C"]:
        """Computes attention over the bodies of a day, with the log adjacency as its bias."""
        scale = self.param("bias_scale", nn.initializers.ones, (), jnp.float32)
        width = x.shape[-1]
        packed = nn.Dense(3 * width, use_bias=False, name="between_query_key_value")(
            nn.LayerNorm(name="between_norm")(x)
        )
        mixed = attend(*jnp.split(packed, 3, -1), bias=scale * jax.nn.log_sigmoid(logits))
        return nn.Dense(width, name="between_output")(mixed)
