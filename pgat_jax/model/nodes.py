"""Phase 2: the celestial bodies as nodes: adjacencies that are given, and that the market moves."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.layers import gelu
from pgat_jax.model.phase import wrap
from pgat_jax.model.precision import widen
from pgat_jax.names import BODIES

ASPECTS = (0.0, 60.0, 90.0, 120.0, 180.0)
"""Conjunction, sextile, square, trine, opposition: degrees."""
ORB = 8.0
"""Initial width of an aspect: degrees."""
RELATIONS = {
    ("sun", "jupiter"): 0.9,
    ("moon", "venus"): 0.8,
    ("mercury", "uranus"): 0.7,
    ("mars", "saturn"): -0.6,
    ("sun", "pluto"): -0.5,
    ("jupiter", "neptune"): -0.4,
    ("north_node", "south_node"): -0.8,
    ("sun", "saturn"): -0.7,
    ("venus", "jupiter"): 0.9,
    ("mercury", "mars"): 0.6,
    ("moon", "mercury"): 0.5,
    ("venus", "mars"): 0.4,
}
"""Constants of the domain; all other pairs are 0."""


def astronomical_adjacency() -> Float[np.ndarray, "N N"]:
    """Symmetric, with a unit diagonal."""
    adjacency = np.eye(len(BODIES))
    for (a, b), strength in RELATIONS.items():
        i, j = BODIES.index(a), BODIES.index(b)
        adjacency[i, j] = adjacency[j, i] = strength
    return adjacency


class Aspects(nn.Module):
    """Soft memberships of each pair's separation in the five aspects, embedded."""

    width: int

    @nn.compact
    def __call__(self, longitude: Float[Array, "B S N"]) -> Float[Array, "B S N N h"]:
        separation = jnp.abs(wrap(longitude[..., :, None] - longitude[..., None, :]))
        orb = jnp.exp(
            self.param("log_orb", nn.initializers.constant(np.log(ORB)), (5,), jnp.float32)
        )
        away = jnp.rad2deg(separation)[..., None] - jnp.asarray(ASPECTS)[None, None, None, None]
        membership = jnp.exp(-0.5 * (away / orb[None, None, None, None]) ** 2)
        return nn.Dense(self.width, use_bias=False, name="embedding")(membership)


class Nodes(nn.Module):
    """The body embeddings, and the dynamic adjacency that they, aspects and the market make.

    The adjacency's MLP reads (body_i + market, body_j + market). Its first layer is linear, so it
    is the sum of a part of each body [N, h] and one of the market [B, S, h]; the same weights serve
    both ends, which makes it symmetric.
    """

    width: int
    pair_width: int

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], longitude: Float[Array, "B S N"]
    ) -> tuple[Float[Array, "N D"], Float[Array, "B S N N"]]:
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


class BodyFeatures(nn.Module):
    """x_n = MLP_n(enc + embedding_n): each body's own reading of the market, and its LayerNorm.

    The first layers of all bodies are one product [D, N h], since enc is the same for all. The
    LayerNorm is scale * x / std + bias, with the mean taken out of the last map instead of out of
    the widest array of the model; its reader applies 1 / std, [B, S, N], where that is cheap.
    """

    hidden: int

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], embedding: Float[Array, "N D"]
    ) -> tuple[Float[Array, "B S D N"], Float[Array, "B S N"]]:
        (count, width), dtype = embedding.shape, enc.dtype
        enter = self.param(
            "in_kernel",
            nn.initializers.lecun_normal(in_axis=0, out_axis=2, batch_axis=(1,)),
            (width, count, self.hidden),
            jnp.float32,
        ).astype(dtype)
        bias = self.param(
            "in_bias", nn.initializers.zeros, (count, self.hidden), jnp.float32
        ).astype(dtype)
        own = jnp.einsum("ND,DNh->Nh", embedding, enter) + bias
        hidden = gelu(jnp.einsum("BSD,DNh->BSNh", enc, enter) + own[None, None])
        leave = self.param(
            "out_kernel",
            nn.initializers.lecun_normal(batch_axis=(0,)),
            (count, self.hidden, width),
            jnp.float32,
        ).astype(dtype)
        bias = self.param("out_bias", nn.initializers.zeros, (count, width), jnp.float32).astype(
            dtype
        )
        leave, bias = (w - w.mean(-1, keepdims=True) for w in (leave, bias))
        features = jnp.einsum("BSNh,NhD->BSDN", hidden, leave) + bias.T[None, None]
        variance = jnp.mean(jnp.square(widen(features)), -2)
        return features, jax.lax.rsqrt(variance + 1e-6).astype(dtype)
