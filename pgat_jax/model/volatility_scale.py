"""A direct path from the volatilities to the width of the forecast distribution.

The targets are in units of a volatility that was fitted by least squares. This path corrects that
unit, by a log-linear function with few parameters that the loss itself fits: of the recent log
volatilities and of their forecasts, smoothed over days, weeks and the window.
"""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.data.columns import TARGETS
from pgat_jax.model.heads import Mixture, Outputs
from pgat_jax.model.precision import widen

# Half-lives, in days, of the exponential weights with which the window is smoothed.
HALF_LIVES = (1, 4, 15, 60)
# Adam moves each parameter by about the learning rate, whatever its gradient. The gain lets the few
# parameters of this path move faster than those of the network.
GAIN = 10.0
# The columns of the volatility in `Batch.past`: of the day, and forecast the day before.
_COLUMNS = slice(len(TARGETS), len(TARGETS) + 2)


class VolatilityScale(nn.Module):
    """The logarithm of a factor for each target and day ahead; 0 before training.

    A call maps (past columns [B, S, V], known columns of the decoder steps [B, L + P, K]) of a
    table with `data.volatility` to [B, P, T].

    Attributes:
        targets: T, the number of targets.
        ahead: P, the days to predict.
    """

    targets: int
    ahead: int

    @nn.compact
    def __call__(
        self, past: Float[Array, "B S V"], known: Float[Array, "B LP K"]
    ) -> Float[Array, "B P T"]:
        """Computes the logarithms of the factors.

        Args:
            past: the past days, with the columns of the volatility.
            known: the label and prediction days; its first column is the forecast volatility.
        """
        zeros = nn.initializers.zeros
        weights = jnp.asarray(smoothing_weights(past.shape[1]), past.dtype)
        smooth = jnp.einsum("BSC,SH->BCH", past[..., _COLUMNS], weights)
        origin = nn.Dense(self.targets, kernel_init=zeros, name="origin")
        day = nn.Dense(self.targets, use_bias=False, kernel_init=zeros, name="day")
        horizon = self.param("horizon", zeros, (self.ahead, self.targets), jnp.float32)
        known_origin = origin(smooth.reshape(len(smooth), -1))[:, None]
        change = known_origin + day(known[:, -self.ahead :, :1])
        return GAIN * (widen(change) + horizon[None])


def smoothing_weights(days: int) -> Float[np.ndarray, "S H"]:
    """Computes exponential weights of the days of a window, for each of `HALF_LIVES`.

    Args:
        days: S, the days of the window.

    Returns:
        [S, 4], weights that sum to 1 over the days; the last day has the largest.
    """
    age = np.arange(days)[::-1, None]
    weights = 0.5 ** (age / np.asarray(HALF_LIVES))
    return weights / weights.sum(0)


def stretch(outputs: Outputs, log_factor: Float[Array, "B P T"]) -> Outputs:
    """Multiplies the forecast values by factors.

    Args:
        outputs: the result of a head that forecasts distributions.
        log_factor: the logarithms of the factors.

    Returns:
        The outputs of factor x Y, where Y has the distribution of `outputs`.
    """
    factor = jnp.exp(log_factor)
    wide = factor[..., None]
    quantiles = None if outputs.quantiles is None else outputs.quantiles * wide
    mixture = outputs.mixture
    if mixture is not None:
        mixture = Mixture(mixture.log_weights, mixture.means * wide, mixture.scales * wide)
    return Outputs(outputs.point * factor, quantiles, mixture, outputs.statistics)
