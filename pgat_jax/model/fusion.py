"""Stage 2: each day's stream attends to features of the 13 bodies, which are computed from it."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import gelu
from pgat_jax.model.precision import widen

# Added to the variance of a LayerNorm, as in Flax.
EPSILON = 1e-6


class BodyFeatures(nn.Module):
    """Each body's features of the market, x_n = MLP_n(enc + embedding_n), with the mean removed.

    The first layers of all bodies are one product [D, N I], since `enc` is the same for all. The
    mean over D is taken out of the last map instead of out of the widest array of the model.
    `Fusion` completes the LayerNorm, scale * x / std + bias, where its parts are cheap to apply. A
    call maps (enc [B, S, D], embedding [N, D]) to (features [B, S, D, N], 1 / std [B, S, N]).

    Attributes:
        hidden: I, the hidden width of each body's MLP.
    """

    hidden: int

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], embedding: Float[Array, "N D"]
    ) -> tuple[Float[Array, "B S D N"], Float[Array, "B S N"]]:
        """Computes the centred features and the inverse of their standard deviation over D.

        Args:
            enc: the stream of the past days.
            embedding: a vector for each body.

        Returns:
            Features with mean 0 over D, and 1 / std.
        """
        (count, width), dtype = embedding.shape, enc.dtype
        init = nn.initializers.lecun_normal(in_axis=0, out_axis=2, batch_axis=(1,))
        enter = self.param("in_kernel", init, (width, count, self.hidden), jnp.float32)
        enter = enter.astype(dtype)
        zeros = nn.initializers.zeros
        bias = self.param("in_bias", zeros, (count, self.hidden), jnp.float32).astype(dtype)
        own = jnp.einsum("ND,DNI->NI", embedding, enter) + bias
        hidden = gelu(jnp.einsum("BSD,DNI->BSNI", enc, enter) + own[None, None])
        init = nn.initializers.lecun_normal(batch_axis=(0,))
        leave = self.param("out_kernel", init, (count, self.hidden, width), jnp.float32)
        leave = leave.astype(dtype)
        bias = self.param("out_bias", zeros, (count, width), jnp.float32).astype(dtype)
        leave, bias = (w - w.mean(-1, keepdims=True) for w in (leave, bias))
        features = jnp.einsum("BSNI,NID->BSDN", hidden, leave) + bias.T[None, None]
        variance = jnp.mean(jnp.square(widen(features)), -2)
        return features, jax.lax.rsqrt(variance + EPSILON).astype(dtype)


class Fusion(nn.Module):
    """Attention of one query a day over the N body features, with H heads of width A = F / H.

    Keys and values are never built. With one query against N bodies it is cheaper to apply the
    key map to the query, q (K x)' = (q K) x', and to map the attended mean of the bodies
    instead of each body: 4 S F D + 4 S N H D operations instead of 4 S N F D, the same function.
    Queries and bodies have D outside, [.., D, H] and [.., D, N]: their product is then four times
    as fast on a CPU, and all products of a forward pass together take a seventh less time. Keys
    have no bias, neither their own nor the LayerNorm's: it would cancel in the softmax. A call maps
    (enc [B, S, D], embedding [N, D]) to (the fused stream [B, S, D], the mean entropy []).

    Attributes:
        heads: H, the number of attention heads, a divisor of F.
        width: F, the width of query, key and value.
        hidden: I, the hidden width of `BodyFeatures`.
    """

    heads: int
    width: int
    hidden: int

    @nn.compact
    def __call__(
        self, enc: Float[Array, "B S D"], embedding: Float[Array, "N D"]
    ) -> tuple[Float[Array, "B S D"], Float[Array, ""]]:
        """Computes the fused stream.

        Args:
            enc: the stream of the past days.
            embedding: a vector for each body.

        Returns:
            The fused stream, and the mean entropy of the attention in nats.
        """
        bodies, per_std = BodyFeatures(self.hidden, name="bodies")(enc, embedding)
        scale = self.param("body_scale", nn.initializers.ones, enc.shape[-1:], jnp.float32)
        bias = self.param("body_bias", nn.initializers.zeros, enc.shape[-1:], jnp.float32)
        depth, head = enc.shape[-1], self.width // self.heads
        query = nn.Dense(self.width, name="query")(nn.LayerNorm(name="query_norm")(enc))
        query = query.reshape(*enc.shape[:2], self.heads, head) * head**-0.5
        key = self._kernel("key_kernel", depth, head).astype(enc.dtype)
        value = self._kernel("value_kernel", depth, head).astype(enc.dtype)
        scale, bias, per_std = scale.astype(enc.dtype), bias.astype(enc.dtype), per_std[:, :, None]
        reader = jnp.einsum("BSHA,DHA->BSDH", query, key * scale[:, None, None])
        logits = jnp.einsum("BSDH,BSDN->BSHN", reader, bodies) * per_std
        weights = jax.nn.softmax(widen(logits))
        mean = jnp.einsum("BSDN,BSHN->BSDH", bodies, weights.astype(enc.dtype) * per_std)
        mean = mean * scale[None, None, :, None] + bias[None, None, :, None]
        fused = jnp.einsum("BSDH,DHA->BSHA", mean, value).reshape(*enc.shape[:2], self.width)
        return nn.Dense(depth, name="output")(fused), _entropy(weights)

    def _kernel(self, name: str, depth: int, head: int) -> Float[Array, "D H A"]:
        """Returns the parameter that maps the stream to the heads."""
        init = nn.initializers.lecun_normal(in_axis=0, out_axis=(1, 2))
        return self.param(name, init, (depth, self.heads, head), jnp.float32)


def _entropy(weights: Float[Array, "B S H N"]) -> Float[Array, ""]:
    """Computes the mean entropy of the attention in nats: ln N where it is uniform."""
    safe = jnp.where(weights > 0, weights, 1.0)
    return -jnp.mean(jnp.sum(weights * jnp.log(safe), axis=-1))
