"""Stage 1: the streams of the encoder and the decoder, from bodies, targets and calendar."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS
from pgat_jax.model.layers import Dropout

# Days that each step's convolution reads: the day itself and the two before it.
TAPS = 3


def sinusoids(start: int, length: int, width: int) -> Float[np.ndarray, "S D"]:
    """Computes sinusoidal positions (Vaswani et al., 2017).

    Args:
        start: the position of the first step.
        length: S, the number of steps.
        width: D.

    Returns:
        [S, D], a vector for each step; sines and cosines alternate.
    """
    rates = 10000.0 ** (-np.arange(0, width, 2) / width)
    angles = np.arange(start, start + length)[:, None] * rates
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, -1)[:, :width]


class Embedding(nn.Module):
    """The streams of the encoder and of the decoder.

    The targets of the days to predict never enter: the decoder reads zeros in their place. A call
    maps (features of the bodies [B, S, N, C], batch) to both streams, [B, S, D] and [B, L + P, D].

    Attributes:
        width: D, the width of the streams.
        dropout: the rate of the dropout on both streams.
        bodiless: the number of columns that belong to no body.
    """

    width: int
    dropout: float
    bodiless: int

    @nn.compact
    def __call__(
        self, bodies: Float[Array, "B S N C"], batch: Batch
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B LP D"]]:
        """Computes both streams.

        Args:
            bodies: the features of the bodies.
            batch: the windows, for targets, calendar and what is known of the days to predict.

        Returns:
            The stream of the past days, and that of the label and prediction days.
        """
        steps, known = batch.past.shape[1], batch.known.shape[1]
        label = known - batch.target.shape[1]
        market = batch.past[..., : self.bodiless]
        flat = bodies.reshape(*bodies.shape[:2], -1)
        past = self._stream("encoder", flat, batch.past_calendar, 0, market)
        targets = jnp.pad(
            batch.past[:, steps - label :, : len(TARGETS)], [(0, 0), (0, known - label), (0, 0)]
        )
        ahead = jnp.concatenate([targets, batch.known], -1)
        return past, self._stream("decoder", ahead, batch.known_calendar, steps - label)

    def _stream(
        self,
        name: str,
        x: Float[Array, "B S W"],
        calendar: Num[Array, "B S G"],
        start: int,
        market: Float[Array, "B S O"] | None = None,
    ) -> Float[Array, "B S D"]:
        """Computes the sum of a causal convolution of `x`, the mapped calendar and the positions.

        The convolution runs over `TAPS` days. It is one product whose parts are shifted and added.

        Args:
            name: the beginning of the names of its parameters.
            x: the inputs of the convolution.
            calendar: the calendar features; integer fields where an interceptor replaces their map.
            start: the position of the first step.
            market: further inputs of the convolution, or None.
        """
        steps = x.shape[1]
        taps = nn.Dense(TAPS * self.width, use_bias=False, name=f"{name}_value")(x)
        if market is not None:
            taps = taps + nn.Dense(TAPS * self.width, use_bias=False, name=f"{name}_market")(market)
        days = [
            jnp.pad(tap, [(0, 0), (lag, 0), (0, 0)])[:, :steps]
            for lag, tap in enumerate(jnp.split(taps, TAPS, -1))
        ]
        value = sum(days) + nn.Dense(self.width, name=f"{name}_calendar")(calendar)
        position = jnp.asarray(sinusoids(start, steps, self.width), x.dtype)
        return Dropout(self.dropout)(value + position[None])
