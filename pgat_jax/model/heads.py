"""Heads: a point, non-crossing quantiles, or a Gaussian mixture for each target and day ahead."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtri

from pgat_jax.config import LossConfig
from pgat_jax.model.losses import mixture_nll, mse, pinball
from pgat_jax.model.precision import widen

# Initialiser of a head's kernels: forecasts start near the mean of the targets.
SMALL = nn.initializers.variance_scaling(0.1, "fan_in", "truncated_normal")
# Initialiser of a head's kernels with `data.volatility`: forecasts start at its biases.
ZERO = nn.initializers.zeros


class Mixture(NamedTuple):
    """Gaussian mixtures of K components, in scaled units.

    Attributes:
        log_weights: [B, P, T, K], normalised log weights of the components.
        means: [B, P, T, K], their means.
        scales: [B, P, T, K], their standard deviations.
    """

    log_weights: Float[Array, "B P T K"]
    means: Float[Array, "B P T K"]
    scales: Float[Array, "B P T K"]


class Outputs(NamedTuple):
    """The forecasts of a batch, in scaled units, and the statistics of the fusion.

    Attributes:
        point: [B, P, T], the forecast that is comparable across heads: the point itself (mse), the
            median (quantile) or the mean (nll).
        quantiles: [B, P, T, Q], increasing, of the quantile head; None for the others.
        mixture: the `Mixture` of the mixture head; None for the others.
        statistics: name -> scalar, as `fusion_statistics` returns them.
    """

    point: Float[Array, "B P T"]
    quantiles: Float[Array, "B P T Q"] | None
    mixture: Mixture | None
    statistics: dict[str, Float[Array, ""]]


class PointHead(nn.Module):
    """One number for each target and day: the conditional mean under squared error.

    A call maps (the stream [B, P, D] of the days to predict, statistics) to `Outputs`.

    Attributes:
        targets: T, the number of targets.
        loss: the configuration of the loss.
        kernel_init: the initialiser of the kernels: `SMALL`, or `ZERO` to begin at the biases.
    """

    targets: int
    loss: LossConfig
    kernel_init: nn.initializers.Initializer = SMALL

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict[str, jax.Array]) -> Outputs:
        """Computes points from the stream.

        Args:
            x: the stream of the days to predict.
            statistics: those of the fusion, copied to the result.
        """
        point = nn.Dense(self.targets, kernel_init=self.kernel_init, name="point")(x)
        return Outputs(widen(point), None, None, statistics)


class QuantileHead(nn.Module):
    """Quantiles that cannot cross: an anchor, and positive steps away from it.

    A call maps (the stream [B, P, D] of the days to predict, statistics) to `Outputs`.

    Attributes:
        targets: T, the number of targets.
        loss: the configuration of the loss; `quantiles` has the levels.
        kernel_init: the initialiser of the kernels: `SMALL`, or `ZERO` to begin at the biases.
    """

    targets: int
    loss: LossConfig
    kernel_init: nn.initializers.Initializer = SMALL

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict[str, jax.Array]) -> Outputs:
        """Computes quantiles from the stream.

        Args:
            x: the stream of the days to predict.
            statistics: those of the fusion, copied to the result.
        """
        levels = np.asarray(self.loss.quantiles)
        steps = np.diff(ndtri(levels))
        anchor = nn.Dense(self.targets, kernel_init=self.kernel_init, name="anchor")(x)
        width = nn.Dense(
            self.targets * len(steps),
            kernel_init=self.kernel_init,
            bias_init=_constant(np.tile(np.log(np.expm1(steps)), self.targets)),
            name="width",
        )(x)
        width = jax.nn.softplus(widen(width)).reshape(*anchor.shape, len(steps))
        above = jnp.pad(jnp.cumsum(width, axis=-1), [(0, 0)] * 3 + [(1, 0)])
        middle = int(np.argmin(np.abs(levels - 0.5)))
        quantiles = widen(anchor)[..., None] + above - above[..., middle, None]
        return Outputs(_median(quantiles, levels), quantiles, None, statistics)


class MixtureHead(nn.Module):
    """A mixture of K Gaussians, none of them narrower than the floor.

    A call maps (the stream [B, P, D] of the days to predict, statistics) to `Outputs`.

    Attributes:
        targets: T, the number of targets.
        loss: the configuration of the loss: `mixture_components` is K, `sigma_floor` the floor.
        kernel_init: the initialiser of the kernels: `SMALL`, or `ZERO` to begin at the biases.
    """

    targets: int
    loss: LossConfig
    kernel_init: nn.initializers.Initializer = SMALL

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict[str, jax.Array]) -> Outputs:
        """Computes mixtures from the stream.

        Args:
            x: the stream of the days to predict.
            statistics: those of the fusion, copied to the result.
        """
        count = self.loss.mixture_components
        shape = (*x.shape[:-1], self.targets, count)
        spread = np.tile(np.linspace(-1, 1, count) if count > 1 else [0.0], self.targets)
        means = widen(self._dense("means", spread)(x)).reshape(shape)
        scales = widen(self._dense("scales", 0 * spread)(x)).reshape(shape)
        scales = self.loss.sigma_floor + jax.nn.softplus(scales)
        weights = jnp.zeros(shape)
        if count > 1:  # a single component has weight 1 with any logit
            logits = widen(self._dense("weights", 0 * spread)(x))
            weights = jax.nn.log_softmax(logits.reshape(shape))
        point = jnp.sum(jnp.exp(weights) * means, axis=-1)
        return Outputs(point, None, Mixture(weights, means, scales), statistics)

    def _dense(self, name: str, bias: np.ndarray) -> nn.Dense:
        return nn.Dense(
            len(bias), kernel_init=self.kernel_init, bias_init=_constant(bias), name=name
        )


# Criterion -> head. A new head is a class, a line here and a loss in `criterion_loss`.
HEADS = {"mse": PointHead, "quantile": QuantileHead, "nll": MixtureHead}


def criterion_loss(
    outputs: Outputs, target: Float[Array, "*B P T"], loss: LossConfig
) -> Float[Array, ""]:
    """Computes the loss that belongs to the head of `loss.criterion`.

    Args:
        outputs: the result of the head.
        target: the true values, scaled.
        loss: the configuration of the loss.

    Returns:
        The mean over all axes.
    """
    if outputs.mixture is not None:
        return mixture_nll(outputs.mixture, target)
    if outputs.quantiles is not None:
        return pinball(outputs.quantiles, jnp.asarray(loss.quantiles), target)
    return mse(outputs.point, target)


def _median(
    quantiles: Float[Array, "B P T Q"], levels: Float[np.ndarray, " Q"]
) -> Float[Array, "B P T"]:
    """Interpolates between the levels around 0.5; takes the nearest if all lie on one side."""
    after = int(np.clip(np.searchsorted(levels, 0.5), 1, len(levels) - 1))
    low, high = levels[after - 1], levels[after]
    share = float(np.clip((0.5 - low) / (high - low), 0, 1))
    return quantiles[..., after - 1] * (1 - share) + quantiles[..., after] * share


def _constant(values: np.ndarray) -> nn.initializers.Initializer:
    """Returns an initialiser that gives these values."""

    def initialize(key: jax.Array, shape: tuple[int, ...], dtype: type = jnp.float32) -> jax.Array:
        del key
        return jnp.asarray(values, dtype).reshape(shape)

    return initialize
