"""Heads: a point, non-crossing quantiles, or a Gaussian mixture for every target and day ahead."""

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


class Mixture(NamedTuple):
    """Gaussian mixtures of K components, in scaled units."""

    log_weights: Float[Array, "B P T K"]
    means: Float[Array, "B P T K"]
    scales: Float[Array, "B P T K"]


class Outputs(NamedTuple):
    """What the model returns. ``point`` is comparable across heads; all in scaled units."""

    point: Float[Array, "B P T"]
    """The forecast itself (mse), the median (quantile) or the mean (nll)."""
    quantiles: Float[Array, "B P T Q"] | None
    mixture: Mixture | None
    statistics: dict[str, Float[Array, ""]]
    """Scalars by the names of ``statistics.NAMES``."""


class PointHead(nn.Module):
    """One number: the conditional mean under squared error."""

    targets: int
    loss: LossConfig

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict) -> Outputs:
        point = nn.Dense(self.targets, kernel_init=_SMALL, name="point")(x)
        return Outputs(widen(point), None, None, statistics)


class QuantileHead(nn.Module):
    """Quantiles that cannot cross: an anchor, and positive steps away from it."""

    targets: int
    loss: LossConfig

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict) -> Outputs:
        levels = np.asarray(self.loss.quantiles)
        steps = np.diff(ndtri(levels))
        anchor = nn.Dense(self.targets, kernel_init=_SMALL, name="anchor")(x)
        width = nn.Dense(
            self.targets * len(steps),
            kernel_init=_SMALL,
            bias_init=_constant(np.tile(np.log(np.expm1(steps)), self.targets)),
            name="width",
        )(x)
        width = jax.nn.softplus(widen(width)).reshape(*anchor.shape, len(steps))
        above = jnp.pad(jnp.cumsum(width, axis=-1), [(0, 0)] * 3 + [(1, 0)])
        middle = int(np.argmin(np.abs(levels - 0.5)))
        quantiles = widen(anchor)[..., None] + above - above[..., middle, None]
        return Outputs(_median(quantiles, levels), quantiles, None, statistics)


class MixtureHead(nn.Module):
    """A mixture of K Gaussians, each no narrower than the floor."""

    targets: int
    loss: LossConfig

    @nn.compact
    def __call__(self, x: Float[Array, "B P D"], statistics: dict) -> Outputs:
        count = self.loss.mixture_components
        shape = (*x.shape[:-1], self.targets, count)
        spread = np.tile(np.linspace(-1, 1, count) if count > 1 else [0.0], self.targets)
        means = widen(self._dense("means", spread)(x)).reshape(shape)
        scales = widen(self._dense("scales", 0 * spread)(x)).reshape(shape)
        scales = self.loss.sigma_floor + jax.nn.softplus(scales)
        weights = jnp.zeros(shape)
        if count > 1:  # one component weighs 1 whatever its logit
            logits = widen(self._dense("weights", 0 * spread)(x))
            weights = jax.nn.log_softmax(logits.reshape(shape))
        point = jnp.sum(jnp.exp(weights) * means, axis=-1)
        return Outputs(point, None, Mixture(weights, means, scales), statistics)

    def _dense(self, name: str, bias: np.ndarray) -> nn.Dense:
        return nn.Dense(len(bias), kernel_init=_SMALL, bias_init=_constant(bias), name=name)


HEADS = {"mse": PointHead, "quantile": QuantileHead, "nll": MixtureHead}


def criterion_loss(
    outputs: Outputs, target: Float[Array, "*B P T"], loss: LossConfig
) -> Float[Array, ""]:
    """The loss that belongs to the head of ``loss.criterion``, averaged over all axes."""
    if outputs.mixture is not None:
        return mixture_nll(outputs.mixture, target)
    if outputs.quantiles is not None:
        return pinball(outputs.quantiles, jnp.asarray(loss.quantiles), target)
    return mse(outputs.point, target)


def _median(quantiles: Float[Array, "B P T Q"], levels: np.ndarray) -> Float[Array, "B P T"]:
    """Linear between the levels around 0.5; the nearest level where 0.5 lies outside."""
    after = int(np.clip(np.searchsorted(levels, 0.5), 1, len(levels) - 1))
    low, high = levels[after - 1], levels[after]
    share = float(np.clip((0.5 - low) / (high - low), 0, 1))
    return quantiles[..., after - 1] * (1 - share) + quantiles[..., after] * share


def _constant(values: np.ndarray):
    return lambda key, shape, dtype=jnp.float32: jnp.asarray(values, dtype).reshape(shape)


_SMALL = nn.initializers.variance_scaling(0.1, "fan_in", "truncated_normal")
