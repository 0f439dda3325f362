"""A gated linear recurrence, computed in logarithmic depth."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

# Shortest and longest memory at the start, in days.
MEMORY = (2, 64)


def linear_recurrence(
    decay: Float[Array, "B S *W"], x: Float[Array, "B S *W"]
) -> Float[Array, "B S *W"]:
    """Computes h_t = a_t h_{t-1} + (1 - a_t) x_t from h = 0 (Martin and Cundy, 2018).

    Args:
        decay: a_t in [0, 1], along axis 1.
        x: the input of each step.

    Returns:
        The state h_t after each step.
    """

    def combine(
        left: tuple[jax.Array, jax.Array], right: tuple[jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array]:
        return left[0] * right[0], right[0] * left[1] + right[1]

    return jax.lax.associative_scan(combine, (decay, (1 - decay) * x), axis=1)[1]


class GatedRecurrence(nn.Module):
    """A recurrence whose decay and input depend on the present step alone.

    Each of the N groups, the bodies or a single one, has its own weights [W, 2 W]. The decays start
    spread over memories of 2 to 64 days. A step's output depends on that step and earlier ones. A
    call maps [B, S, N, W] to the state of each group after each step, of the same shape.
    """

    @nn.compact
    def __call__(self, x: Float[Array, "B S N W"]) -> Float[Array, "B S N W"]:
        """Computes the state of each group after each step."""
        groups, width = x.shape[-2:]
        init = nn.initializers.lecun_normal(batch_axis=(0,))
        kernel = self.param("kernel", init, (groups, width, 2 * width), jnp.float32)
        bias = self.param("bias", _decay_bias, (groups, 2 * width), jnp.float32)
        gates = (
            jnp.einsum("BSNW,NWO->BSNO", x, kernel.astype(x.dtype))
            + bias.astype(x.dtype)[None, None]
        )
        decay, candidate = jnp.split(widen(gates), 2, -1)
        return linear_recurrence(jax.nn.sigmoid(decay), candidate).astype(x.dtype)


def _decay_bias(key: jax.Array, shape: tuple[int, int], dtype: type = jnp.float32) -> jax.Array:
    """Returns the logits of the decays 1 - 1/m for memories of m days, and zeros for the inputs."""
    del key
    memory = np.geomspace(*MEMORY, shape[1] // 2)
    row = np.concatenate([np.log(memory - 1), np.zeros(shape[1] // 2)])
    return jnp.asarray(np.broadcast_to(row, shape), dtype)
