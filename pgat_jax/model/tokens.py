"""Computes the features of each body, by attention over the columns that belong to it."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from pgat_jax.data.columns import Columns
from pgat_jax.model.attention import MASKED
from pgat_jax.model.precision import widen
from pgat_jax.names import BODIES

# One square matrix for each body.
_STACKED = nn.initializers.lecun_normal(batch_axis=(0,))


class BodyTokens(nn.Module):
    """Attention over the columns of each body, computed exactly but without building any token.

    The token of column f is v_f w_f + e_f, affine in one number v_f. So are its query, its key and
    its value, and the logit of a pair of columns is v_f v_g (w_f Q K' w_g') + v_f (w_f Q K' e_g')
    + ...: four tables [N, J, J] that depend on the parameters alone. The columns of all bodies are
    packed into one array of parameters, so that no row of it stands for padding. A call maps scaled
    columns [B, S, V] to features [B, S, N, C].

    Attributes:
        channels: C, the channels of each body.
        columns: the layout of the input columns.
    """

    channels: int
    columns: Columns

    @nn.compact
    def __call__(self, past: Float[Array, "B S V"]) -> Float[Array, "B S N C"]:
        """Computes the features of each body on each day from its scaled columns."""
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
        return jnp.einsum("BSNJ,NJC->BSNC", features, table) + bias.astype(past.dtype)[None, None]

    def _tokens(
        self, index: Int[np.ndarray, "N J"]
    ) -> tuple[Float[Array, "N J C"], Float[Array, "N J C"]]:
        """Returns the feature vector w and the embedding e of each column of each body."""
        packed = np.asarray([i for i, slot in enumerate(self.columns.slots) if slot >= 0])
        shape = (len(packed), self.channels)
        vector = self.param("vector", nn.initializers.normal(1.0), shape, jnp.float32)
        embedding = self.param("embedding", nn.initializers.normal(1.0), shape, jnp.float32)
        rows = np.searchsorted(packed, index).clip(max=len(packed) - 1)
        return vector[rows], embedding[rows]

    def _pooled_attention(
        self,
        values: Float[Array, "B S N J"],
        valid: Bool[np.ndarray, "N J"],
        vector: Float[Array, "N J C"],
        embedding: Float[Array, "N J C"],
    ) -> Float[Array, "B S N J"]:
        """Computes the attention that a column receives, averaged over the columns of its body."""
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


def _padded_columns(columns: Columns) -> tuple[Int[np.ndarray, "N J"], Bool[np.ndarray, "N J"]]:
    """Returns the indices of each body's columns, padded with 0, and which of them are real."""
    lists = [columns.of_body(slot) for slot in range(len(BODIES))]
    longest = max(1, *map(len, lists))
    index = np.array([[*own, *[0] * (longest - len(own))] for own in lists], dtype=np.int32)
    valid = np.array([[k < len(own) for k in range(longest)] for own in lists])
    return index, valid
