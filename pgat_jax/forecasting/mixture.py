"""Mixtures of normal distributions: the forecasts of the `nll` head."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

# Halvings of the interval that contains a quantile: 2**-40 of its width is below float32's error.
BISECTIONS = 40


@dataclass(frozen=True)
class GaussianMixture:
    """Mixtures of K normal distributions; implements `Distribution`.

    Attributes:
        weights: [..., K], with sum 1.
        means: [..., K].
        scales: standard deviations [..., K], above zero.
    """

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    def at(self, index: int | slice) -> "GaussianMixture":
        """Returns the distributions of one entry, or of some entries, of the first axis.

        Args:
            index: the position on the first axis, or a slice of it.
        """
        return GaussianMixture(self.weights[index], self.means[index], self.scales[index])

    def transform(self, shift: np.ndarray, scale: np.ndarray) -> "GaussianMixture":
        """Returns the distributions of shift + scale x Y.

        Args:
            shift: [...].
            scale: [...], above zero.
        """
        shift, scale = shift[..., None], scale[..., None]
        return GaussianMixture(self.weights, shift + scale * self.means, scale * self.scales)

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """Computes the weighted sum of the components' distribution functions.

        Args:
            y: values [...].

        Returns:
            P(Y <= y), [...].
        """
        return self._cdf(y[..., None])[..., 0]

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Finds quantiles by bisection between the smallest and largest component's quantile.

        Args:
            u: levels in (0, 1), [..., R] or [R].

        Returns:
            The quantiles [..., R].
        """
        u = np.broadcast_to(u, (*self.means.shape[:-1], np.shape(u)[-1]))
        each = self.means[..., None, :] + self.scales[..., None, :] * ndtri(u)[..., None]
        low, high = each.min(-1), each.max(-1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = self._cdf(middle) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def crps(self, y: np.ndarray) -> np.ndarray:
        """Computes the CRPS by the closed form of Grimit et al. (2006), doi:10.1256/qj.05.235.

        Args:
            y: the truth [...].

        Returns:
            The score [...], in the units of `y`.
        """
        pairs = _expect_absolute(
            self.means[..., :, None] - self.means[..., None, :],
            np.hypot(self.scales[..., :, None], self.scales[..., None, :]),
        )
        spread = np.einsum("...i,...j,...ij->...", self.weights, self.weights, pairs)
        miss = _expect_absolute(y[..., None] - self.means, self.scales)
        return np.sum(self.weights * miss, -1) - spread / 2

    def log_density(self, y: np.ndarray) -> np.ndarray:
        """Computes the log density by log-sum-exp, so that it is finite far from the means.

        Args:
            y: values [...].

        Returns:
            [...], in nats.
        """
        z = (y[..., None] - self.means) / self.scales
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        parts = log_weights - np.log(self.scales) - 0.5 * (z**2 + np.log(2 * np.pi))
        return np.logaddexp.reduce(parts, axis=-1)

    def _cdf(self, y: np.ndarray) -> np.ndarray:
        """Computes P(Y <= y) for `y` [..., R]."""
        z = (y[..., None] - self.means[..., None, :]) / self.scales[..., None, :]
        return np.sum(self.weights[..., None, :] * ndtr(z), -1)


def _expect_absolute(mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Computes E|X| of a normal X: A(mean, scale**2) of Grimit et al."""
    z = mean / scale
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return 2 * scale * density + mean * (2 * ndtr(z) - 1)
