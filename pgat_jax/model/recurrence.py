"""Gated linear recurrence in logarithmic depth."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen


def linear_recurrence(
    decay: Float[Array, "B S *W"], x: Float[Array, "B S *W"]
) -> Float[Array, "B S *W"]:
    """h_t = a_t h_{t-1} + (1 - a_t) x_t along axis 1, from h = 0 (Martin and Cundy, 2018)."""

    def combine(left, right):
        return left[0] * right[0], right[0] * left[1] + right[1]

    return jax.lax.associative_scan(combine, (decay, (1 - decay) * x), axis=1)[1]


class GatedRecurrence(nn.Module):
    """Recurrence whose gates read the present step alone; stacked over G groups.

    Each group has its own weights [W, 2 W]. The decays start spread between memories of 2 and 64
    steps. Each step's output depends on that step and earlier ones.
    """

    @nn.compact
    def __call__(self, x: Float[Array, "B S G W"]) -> Float[Array, "B S G W"]:
        groups, width = x.shape[-2:]
        init = nn.initializers.lecun_normal(batch_axis=(0,))
        kernel = self.param("kernel", init, (groups, width, 2 * width), jnp.float32)
        bias = self.param("bias", _decay_bias, (groups, 2 * width), jnp.float32)
        gates = (
            jnp.einsum("BSGW,GWE->BSGE", x, kernel.astype(x.dtype))
            + bias.astype(x.dtype)[None, None]
        )
        decay, candidate = jnp.split(widen(gates), 2, -1)
        return linear_recurrence(jax.nn.sigmoid(decay), candidate).astype(x.dtype)


def _decay_bias(key: jax.Array, shape: tuple[int, int], dtype=jnp.float32) -> jax.Array:
    """Logits of the decays 1 - 1/m for memories m from 2 to 64 steps; zeros for candidates."""
    del key
    memory = np.geomspace(2, 64, shape[1] // 2)
    row = np.concatenate([np.log(memory - 1), np.zeros(shape[1] // 2)])
    return jnp.asarray(np.broadcast_to(row, shape), dtype)
