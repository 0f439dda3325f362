"""Stage 2: the gate decides how much of the fused stream enters. Interventions act here."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import FeedForward


class Gate(nn.Module):
    """A gate for each channel: the sigmoid of an MLP of both normalised streams, or a constant.

    The MLP's last bias is 0 and its last kernel is small, so a learned gate starts near 0.5, where
    it can move both ways. A call maps (the stream enc [B, S, D], the fused stream [B, S, D]) to the
    gate [B, S, D]. A constant gate has no parameters.

    Attributes:
        mode: `sigmoid` (learned), `open` (1), or a number from 0 to 1.
    """

    mode: str | float

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], fused: Float[Array, "B S D"]
    ) -> Float[Array, "B S D"]:
        """Computes the gate from the stream and the fused stream.

        Args:
            enc: the stream of the past days.
            fused: the stream that the fusion makes of it.

        Returns:
            The gate of each channel, from 0 to 1.
        """
        if self.mode != "sigmoid":
            return jnp.full_like(enc, 1.0 if self.mode == "open" else float(self.mode))
        branches = [nn.LayerNorm(name="enc_norm")(enc), nn.LayerNorm(name="fused_norm")(fused)]
        small = nn.initializers.variance_scaling(0.01, "fan_in", "truncated_normal")
        mlp = FeedForward(enc.shape[-1], enc.shape[-1], small, name="mlp")
        return jax.nn.sigmoid(mlp(jnp.concatenate(branches, -1)))
