"""Forecast distributions on the host, in float64: what the heads and baselines turn into.

Each holds one univariate distribution an entry of a leading shape ``[...]`` (windows, days,
targets) and answers the same four questions; see ``Distribution``.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np
from scipy.special import ndtr, ndtri

BISECTIONS = 40
CRPS_LEVELS = (np.arange(400) + 0.5) / 400


class Distribution(Protocol):
    """One univariate distribution for each entry of ``[...]``."""

    def at(self, index: int) -> Self:
        """The distributions of one entry of the first axis: one window's [P, T]."""
        ...

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """P(Y <= y), [...], for y [...]; this is the PIT value when y is what came."""
        ...

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Quantiles [..., R] at levels u in (0, 1), [..., R] or [R]; never crossing."""
        ...

    def crps(self, y: np.ndarray) -> np.ndarray:
        """Continuous ranked probability score [...] of y [...], in the units of y."""
        ...

    def log_density(self, y: np.ndarray) -> np.ndarray | None:
        """Log density [...] at y [...] (nats); None where there is no density."""
        ...


class Forecast(NamedTuple):
    """Forecasts of W windows in scaled units: a point [W, P, T], and a distribution if any."""

    point: np.ndarray
    distribution: Distribution | None


@dataclass(frozen=True)
class GaussianMixture:
    """Mixtures of K normals: weights (sum 1), means, scales, each [..., K]."""

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray

    def at(self, index):
        """One entry of the first axis."""
        return GaussianMixture(self.weights[index], self.means[index], self.scales[index])

    def cdf(self, y):
        """Weighted sum of the normal distribution functions."""
        return self._cdf(y[..., None])[..., 0]

    def quantile(self, u):
        """By bisection: a mixture's quantile lies between its components' quantiles."""
        u = np.broadcast_to(u, (*self.means.shape[:-1], np.shape(u)[-1]))
        each = self.means[..., None, :] + self.scales[..., None, :] * ndtri(u)[..., None]
        low, high = each.min(-1), each.max(-1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = self._cdf(middle) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def crps(self, y):
        """Closed form (Grimit et al. 2006, doi:10.1256/qj.05.235)."""
        pairs = _absolute_normal(
            self.means[..., :, None] - self.means[..., None, :],
            np.hypot(self.scales[..., :, None], self.scales[..., None, :]),
        )
        spread = np.einsum("...i,...j,...ij->...", self.weights, self.weights, pairs)
        miss = _absolute_normal(y[..., None] - self.means, self.scales)
        return np.sum(self.weights * miss, -1) - spread / 2

    def log_density(self, y):
        """By log-sum-exp, so that far-off values stay finite."""
        z = (y[..., None] - self.means) / self.scales
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        parts = log_weights - np.log(self.scales) - 0.5 * (z**2 + np.log(2 * np.pi))
        return np.logaddexp.reduce(parts, axis=-1)

    def _cdf(self, y):
        z = (y[..., None] - self.means[..., None, :]) / self.scales[..., None, :]
        return np.sum(self.weights[..., None, :] * ndtr(z), -1)


def _absolute_normal(mean, scale):
    """E|X| for X normal: A(mean, scale^2) of Grimit et al."""
    z = mean / scale
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return 2 * scale * density + mean * (2 * ndtr(z) - 1)


@dataclass(frozen=True)
class QuantileFunction:
    """Quantiles at Q >= 2 increasing levels [Q], joined: values [..., Q], non-decreasing.

    Between levels the quantile is linear in the normal score z = ndtri(level); below the first and
    above the last, the outermost line goes on, so the tails are normal with its slope. Levels
    taken from a normal distribution give that distribution back.
    """

    levels: np.ndarray
    values: np.ndarray

    def at(self, index):
        """One entry of the first axis."""
        return QuantileFunction(self.levels, self.values[index])

    def cdf(self, y):
        """Normal distribution function of the joined line's score."""
        return ndtr(self._score(y)[0])

    def quantile(self, u):
        """On the line through the levels around u."""
        z = np.broadcast_to(ndtri(u), (*self.values.shape[:-1], np.shape(u)[-1]))
        right = np.clip(np.searchsorted(self._knots, z), 1, len(self._knots) - 1)
        start, slope = self._line(right)
        return start + slope * (z - self._knots[right - 1])

    def crps(self, y):
        """Twice the pinball loss integrated over levels (Gneiting and Ranjan 2011, eq. 11).

        By the midpoint rule on 400 levels of the joined quantile function.
        """
        error = y[..., None] - self.quantile(CRPS_LEVELS)
        loss = np.maximum(CRPS_LEVELS * error, (CRPS_LEVELS - 1) * error)
        return 2 * np.mean(loss, -1)

    def log_density(self, y):
        """Of the joined function: normal density of the score, divided by the line's slope."""
        z, slope = self._score(y)
        return -0.5 * (z**2 + np.log(2 * np.pi)) - np.log(slope)

    @property
    def _knots(self):
        return ndtri(np.asarray(self.levels))

    def _line(self, right):
        start = np.take_along_axis(self.values, right - 1, -1)
        rise = np.take_along_axis(self.values, right, -1) - start
        return start, rise / (self._knots[right] - self._knots[right - 1])

    def _score(self, y):
        right = np.clip(np.sum(self.values < y[..., None], -1), 1, len(self._knots) - 1)
        start, slope = (x[..., 0] for x in self._line(right[..., None]))
        slope = np.maximum(slope, 1e-9)
        return self._knots[right - 1] + (y - start) / slope, slope


@dataclass(frozen=True)
class Sample:
    """Empirical distributions: M values for each entry, [..., M], sorted along the last axis."""

    values: np.ndarray

    def at(self, index):
        """One entry of the first axis."""
        return Sample(self.values[index])

    def cdf(self, y):
        """Mid-rank: ties with y count half."""
        below = np.mean(self.values < y[..., None], -1)
        return (below + np.mean(self.values <= y[..., None], -1)) / 2

    def quantile(self, u):
        """Linear between order statistics (type 7 of Hyndman and Fan 1996)."""
        last = self.values.shape[-1] - 1
        place = np.broadcast_to(u, (*self.values.shape[:-1], np.shape(u)[-1])) * last
        left = np.minimum(place.astype(int), max(last - 1, 0))
        start = np.take_along_axis(self.values, left, -1)
        end = np.take_along_axis(self.values, np.minimum(left + 1, last), -1)
        return start + (place - left) * (end - start)

    def crps(self, y):
        """E|X - y| - E|X - X'| / 2, exactly, for the empirical distribution."""
        count = self.values.shape[-1]
        rank = 2 * np.arange(1, count + 1) - count - 1
        spread = np.sum(rank * self.values, -1) / count**2
        return np.mean(np.abs(self.values - y[..., None]), -1) - spread

    def log_density(self, y):
        """None: a sample has no density."""
        return None
