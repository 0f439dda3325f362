"""Phase 1: each body's columns become its features; each pair of bodies an edge of phases."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.data.columns import Columns
from pgat_jax.model.layers import MASKED, attend, gelu
from pgat_jax.model.precision import widen
from pgat_jax.model.recurrence import GatedRecurrence
from pgat_jax.names import BODIES


def wrap(angle: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """The same angle in [-pi, pi]."""
    return angle - 2 * jnp.pi * jnp.round(angle / (2 * jnp.pi))


def phase_edges(phase: Float[Array, "B S N 4"]) -> Float[Array, "B S N N 6"]:
    """Six features of each ordered pair (i, j), from unscaled phases.

    Wrapped differences of longitude and of sign phase (in half turns), tanh of the ratios of speed
    and of radius, separation (0 to 1), and cos(d longitude) cos(d sign phase).
    """
    theta, sign, speed, radius = (phase[..., k] for k in range(4))
    d_theta = wrap(theta[..., :, None] - theta[..., None, :])
    d_sign = wrap(sign[..., :, None] - sign[..., None, :])
    features = (
        d_theta / jnp.pi,
        d_sign / jnp.pi,
        jnp.tanh(_ratio(speed)),
        jnp.tanh(_ratio(radius)),
        jnp.abs(d_theta) / jnp.pi,
        jnp.cos(d_theta) * jnp.cos(d_sign),
    )
    return jnp.stack(features, axis=-1)


def _ratio(x: Float[Array, "B S N"]) -> Float[Array, "B S N N"]:
    """x_i / x_j, its denominator kept at least 1e-3 from 0 (a planet stands still at a station)."""
    safe = jnp.where(x < 0, jnp.minimum(x, -1e-3), jnp.maximum(x, 1e-3))
    return x[..., :, None] / safe[..., None, :]


class BodyTokens(nn.Module):
    """Attention over the columns of each body, exactly, without a token ever being built.

    The token of column f is v_f w_f + e_f: affine in one number. So are its query, key and value,
    and the logit of a pair of columns is v_f v_g (w_f Q K' w_g') + v_f (w_f Q K' e_g') + ...: four
    tables [N, F, F] that depend on parameters alone. Columns of all bodies lie in one packed array,
    so that no row of it stands for padding.
    """

    channels: int
    columns: Columns

    @nn.compact
    def __call__(self, past: Float[Array, "B S V"]) -> Float[Array, "B S N C"]:
        index, valid = _padded_columns(self.columns)
        vector, embedding = self._tokens(index)
        values = jnp.where(valid, past[..., index], 0)
        weights = self._pooled_attention(values, valid, vector, embedding)
        value = self.param(
            "value_kernel", _STACKED, (len(BODIES), *vector.shape[-1:] * 2), jnp.float32
        )
        table = jnp.concatenate([vector @ value, embedding @ value], axis=1).astype(past.dtype)
        features = jnp.concatenate([weights * values, weights], axis=-1)
        init = nn.initializers.normal(0.5)
        bias = self.param("bias", init, (len(BODIES), self.channels), jnp.float32)
        return jnp.einsum("BSNF,NFC->BSNC", features, table) + bias.astype(past.dtype)[None, None]

    def _tokens(self, index) -> tuple[Float[Array, "N F C"], Float[Array, "N F C"]]:
        packed = np.asarray([i for i, slot in enumerate(self.columns.slots) if slot >= 0])
        shape = (len(packed), self.channels)
        vector = self.param("vector", nn.initializers.normal(1.0), shape, jnp.float32)
        embedding = self.param("embedding", nn.initializers.normal(1.0), shape, jnp.float32)
        rows = np.searchsorted(packed, index).clip(max=len(packed) - 1)
        return vector[rows], embedding[rows]

    def _pooled_attention(self, values, valid, vector, embedding) -> Float[Array, "B S N F"]:
        """Attention that a column receives, averaged over the columns of its body."""
        shape = (len(BODIES), self.channels, self.channels)
        query = self.param("query_kernel", _STACKED, shape, jnp.float32)
        key = self.param("key_kernel", _STACKED, shape, jnp.float32)
        queries, keys = (vector @ query, embedding @ query), (vector @ key, embedding @ key)
        scale = self.channels**-0.5
        vv, ve, ev, ee = (
            (scale * q @ k.swapaxes(-1, -2)).astype(values.dtype)[None, None]
            for q in queries
            for k in keys
        )
        row, column = values[..., :, None], values[..., None, :]
        logits = widen(row * (column * vv + ve) + column * ev + ee)
        weights = jax.nn.softmax(jnp.where(valid[:, None, :], logits, MASKED))
        share = (valid / np.maximum(valid.sum(-1, keepdims=True), 1)).astype(weights.dtype)
        return jnp.where(
            valid, (weights * share[None, None, :, :, None]).sum(-2).astype(values.dtype), 0
        )


def _padded_columns(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Indices [N, F] of each body's columns, padded with 0, and which of them are real."""
    lists = [columns.of_body(slot) for slot in range(len(BODIES))]
    longest = max(1, *map(len, lists))
    index = np.array([[*own, *[0] * (longest - len(own))] for own in lists], dtype=np.int32)
    valid = np.array([[k < len(own) for k in range(longest)] for own in lists])
    return index, valid


class Phase(nn.Module):
    """Body features, phase edges and the logits of the phase adjacency, at every step."""

    channels: int
    pair_width: int
    columns: Columns

    @nn.compact
    def __call__(
        self, past: Float[Array, "B S V"], phase: Float[Array, "B S N 4"]
    ) -> tuple[Float[Array, "B S N C"], Float[Array, "B S N N 6"], Float[Array, "B S N N"]]:
        x = BodyTokens(self.channels, self.columns, name="tokens")(past)
        x = x + GatedRecurrence(name="recurrence")(nn.LayerNorm(name="recurrence_norm")(x))
        edges = phase_edges(phase).astype(x.dtype)
        logits = self._adjacency_logits(x, edges)
        return x + self._between_bodies(x, logits), edges, logits

    def _adjacency_logits(self, x, edges) -> Float[Array, "B S N N"]:
        """MLP on (features of i, features of j, edge); its first layer is a sum of three parts."""
        ends = nn.Dense(2 * self.pair_width, use_bias=False, name="adjacency_ends")(x)
        source, target = jnp.split(ends, 2, -1)
        pairs = nn.Dense(self.pair_width, name="adjacency_edge")(edges)
        hidden = gelu(source[..., :, None, :] + target[..., None, :, :] + pairs)
        return widen(nn.Dense(1, name="adjacency_out")(hidden)[..., 0])

    def _between_bodies(self, x, logits) -> Float[Array, "B S N C"]:
        """Attention over the bodies of a step; log adjacency is an additive bias."""
        scale = self.param("bias_scale", nn.initializers.ones, (), jnp.float32)
        width = x.shape[-1]
        packed = nn.Dense(3 * width, use_bias=False, name="between_query_key_value")(
            nn.LayerNorm(name="between_norm")(x)
        )
        mixed = attend(*jnp.split(packed, 3, -1), bias=scale * jax.nn.log_sigmoid(logits))
        return nn.Dense(width, name="between_output")(mixed)


_STACKED = nn.initializers.lecun_normal(batch_axis=(0,))
