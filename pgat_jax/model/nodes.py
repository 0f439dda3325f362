"""Stage 2: the bodies as graph nodes, and the adjacency that depends on the market."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.angles import wrap
from pgat_jax.model.layers import gelu
from pgat_jax.names import BODIES

# Conjunction, sextile, square, trine, opposition: degrees.
ASPECTS = (0.0, 60.0, 90.0, 120.0, 180.0)
# Initial width of an aspect: degrees.
ORB = 8.0


class Aspects(nn.Module):
    """Soft membership of each pair's separation in the five aspects, and its embedding.

    A call maps longitudes [B, S, N] in radians to [B, S, N, N, E].

    Attributes:
        width: E, the width of the embedding.
    """

    width: int

    @nn.compact
    def __call__(self, longitude: Float[Array, "B S N"]) -> Float[Array, "B S N N E"]:
        """Computes the embedded aspects of each pair from longitudes in radians."""
        separation = jnp.abs(wrap(longitude[..., :, None] - longitude[..., None, :]))
        init = nn.initializers.constant(np.log(ORB))
        orb = jnp.exp(self.param("log_orb", init, (len(ASPECTS),), jnp.float32))
        away = jnp.rad2deg(separation)[..., None] - jnp.asarray(ASPECTS)[None, None, None, None]
        membership = jnp.exp(-0.5 * (away / orb[None, None, None, None]) ** 2)
        return nn.Dense(self.width, use_bias=False, name="embedding")(membership)


class Nodes(nn.Module):
    """The embeddings of the bodies, and the dynamic adjacency from them, aspects and the market.

    The adjacency's MLP reads (body_i + market, body_j + market). Its first layer is linear, so it
    is the sum of a part of each body [N, E] and one of the market [B, S, E]. Both ends of a pair
    have the same weights, which makes the adjacency symmetric. A call maps (enc [B, S, D],
    longitude [B, S, N] in radians) to (embeddings [N, D], adjacency [B, S, N, N]).

    Attributes:
        width: D, the width of the stream.
        pair_width: E, the hidden width of the adjacency's MLP.
    """

    width: int
    pair_width: int

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], longitude: Float[Array, "B S N"]
    ) -> tuple[Float[Array, "N D"], Float[Array, "B S N N"]]:
        """Computes the embeddings of the bodies and the dynamic adjacency in (0, 1).

        Args:
            enc: the stream of the past days.
            longitude: the longitude of each body, radians.

        Returns:
            The embeddings, and the adjacency on each day.
        """
        init = nn.initializers.normal(0.5)
        bodies = self.param("embedding", init, (len(BODIES), self.width), jnp.float32)
        bodies = bodies.astype(enc.dtype)
        body = nn.Dense(self.pair_width, use_bias=False, name="adjacency_body")(bodies)
        market = nn.Dense(self.pair_width, name="adjacency_market")(
            nn.LayerNorm(name="market_norm")(enc)
        )
        aspects = Aspects(self.pair_width, name="aspects")(longitude).astype(enc.dtype)
        ends = body[:, None] + body[None, :]
        hidden = gelu(ends[None, None] + market[..., None, None, :] + aspects)
        logits = nn.Dense(1, name="adjacency_out")(hidden)[..., 0]
        return bodies, jax.nn.sigmoid(logits)
