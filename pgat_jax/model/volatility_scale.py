"""A direct path from the volatilities to the width of the forecast distribution.

The targets are in units of a volatility that was fitted by least squares. This path corrects that
unit, by a log-linear function with few parameters that the loss itself fits: of the errors that the
forecasts of the volatility made lately, and of the forecast for the day.
"""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.data.columns import LOG_VOLATILITY_ERRORS, TARGETS
from pgat_jax.model.heads import Mixture, Outputs
from pgat_jax.model.precision import widen

# Adam moves each parameter by about the learning rate, whatever its gradient. The gain lets the few
# parameters of this path move faster than those of the network.
GAIN = 10.0
# The columns `LOG_VOLATILITY_ERRORS` in `Batch.past`; they follow the log volatility.
_ERRORS = slice(len(TARGETS) + 1, len(TARGETS) + 1 + len(LOG_VOLATILITY_ERRORS))


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
        origin = nn.Dense(self.targets, kernel_init=zeros, name="origin")
        day = nn.Dense(self.targets, use_bias=False, kernel_init=zeros, name="day")
        horizon = self.param("horizon", zeros, (self.ahead, self.targets), jnp.float32)
        change = origin(past[:, -1, _ERRORS])[:, None] + day(known[:, -self.ahead :, :1])
        return GAIN * (widen(change) + horizon[None])


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
