"""Phase 1b: bodies, targets and calendar of the past; what is known of the days to come."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS
from pgat_jax.model.layers import Dropout


def sinusoids(start: int, length: int, width: int) -> Float[np.ndarray, "S D"]:
    """Sinusoidal positions (Vaswani et al., 2017) of the steps start .. start + length - 1."""
    rates = 10000.0 ** (-np.arange(0, width, 2) / width)
    angles = np.arange(start, start + length)[:, None] * rates
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, -1)[:, :width]


class Embedding(nn.Module):
    """Streams of the encoder and of the decoder.

    Future targets never enter: in their place the decoder reads zeros.
    """

    width: int
    dropout: float

    @nn.compact
    def __call__(
        self, bodies: Float[Array, "B S N C"], batch: Batch
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B LP D"]]:
        steps, known = batch.past.shape[1], batch.known.shape[1]
        label = known - batch.target.shape[1]
        market = batch.past[..., : batch.past.shape[-1] - batch.known.shape[-1] + 1]
        flat = bodies.reshape(*bodies.shape[:2], -1)
        past = self._stream("encoder", flat, batch.past_calendar, 0, market)
        targets = jnp.pad(
            batch.past[:, steps - label :, : len(TARGETS)], [(0, 0), (0, known - label), (0, 0)]
        )
        ahead = jnp.concatenate([targets, batch.known], -1)
        return past, self._stream("decoder", ahead, batch.known_calendar, steps - label)

    def _stream(self, name: str, x, calendar, start: int, beside=None) -> Float[Array, "B S D"]:
        """Causal convolution over three days, as one product whose thirds are shifted and added.

        ``beside`` are further inputs of the same convolution; then calendar and position.
        """
        steps = x.shape[1]
        taps = nn.Dense(3 * self.width, use_bias=False, name=f"{name}_value")(x)
        if beside is not None:
            taps = taps + nn.Dense(3 * self.width, use_bias=False, name=f"{name}_market")(beside)
        days = [
            jnp.pad(tap, [(0, 0), (lag, 0), (0, 0)])[:, :steps]
            for lag, tap in enumerate(jnp.split(taps, 3, -1))
        ]
        value = sum(days) + nn.Dense(self.width, name=f"{name}_calendar")(calendar)
        position = jnp.asarray(sinusoids(start, steps, self.width), x.dtype)
        return Dropout(self.dropout)(value + position[None])
