"""Distributions given by a few quantiles: the forecasts of the `quantile` head."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

# Levels at which the pinball loss is evaluated for the CRPS: the midpoints of 400 equal intervals.
CRPS_LEVELS = (np.arange(400) + 0.5) / 400
# The least slope of the quantile function: tied quantiles would give an infinite density.
LEAST_SLOPE = 1e-9


@dataclass(frozen=True)
class QuantileFunction:
    """Quantiles at a few levels, joined by lines; implements `Distribution`.

    Between two levels the quantile is linear in the normal score z = ndtri(level). Below the first
    and above the last level the outermost line is continued, so the tails are normal with its
    slope. Levels and quantiles of a normal distribution give that distribution back.

    Attributes:
        levels: [Q], at least two, increasing.
        values: the quantiles [..., Q], non-decreasing along the last axis.
    """

    levels: np.ndarray
    values: np.ndarray

    def at(self, index: int | slice) -> "QuantileFunction":
        """Returns the distributions of one entry, or of some entries, of the first axis.

        Args:
            index: the position on the first axis, or a slice of it.
        """
        return QuantileFunction(self.levels, self.values[index])

    def transform(self, shift: np.ndarray, scale: np.ndarray) -> "QuantileFunction":
        """Returns the distributions of shift + scale x Y.

        Args:
            shift: [...].
            scale: [...], above zero.
        """
        return QuantileFunction(self.levels, shift[..., None] + scale[..., None] * self.values)

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """Computes P(Y <= y): the normal distribution function at the normal score of each value.

        Args:
            y: values [...].

        Returns:
            [...], in [0, 1].
        """
        return ndtr(self._score(y)[0])

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Interpolates the quantiles between the two nearest levels.

        Args:
            u: levels in (0, 1), [..., R] or [R].

        Returns:
            The quantiles [..., R].
        """
        z = np.broadcast_to(ndtri(u), (*self.values.shape[:-1], np.shape(u)[-1]))
        right = np.clip(np.searchsorted(self._knots, z), 1, len(self._knots) - 1)
        start, slope = self._line(right)
        return start + slope * (z - self._knots[right - 1])

    def crps(self, y: np.ndarray) -> np.ndarray:
        """Computes the CRPS [...]: twice the pinball loss, integrated over 400 levels.

        Gneiting and Ranjan (2011), doi:10.1198/jbes.2010.08110, eq. 11, by the midpoint rule.

        Args:
            y: the truth [...].
        """
        error = y[..., None] - self.quantile(CRPS_LEVELS)
        loss = np.maximum(CRPS_LEVELS * error, (CRPS_LEVELS - 1) * error)
        return 2 * np.mean(loss, -1)

    def log_density(self, y: np.ndarray) -> np.ndarray:
        """Computes the log density [...], in nats.

        The density is the normal one at the value's normal score, divided by the line's slope.

        Args:
            y: values [...].
        """
        z, slope = self._score(y)
        return -0.5 * (z**2 + np.log(2 * np.pi)) - np.log(slope)

    @property
    def _knots(self) -> np.ndarray:
        """The normal scores [Q] of the levels."""
        return ndtri(np.asarray(self.levels))

    def _line(self, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the left end and the slope of the line that ends at level number `right`."""
        start = np.take_along_axis(self.values, right - 1, -1)
        rise = np.take_along_axis(self.values, right, -1) - start
        return start, rise / (self._knots[right] - self._knots[right - 1])

    def _score(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the normal score of `y`, and the slope of the line it lies on."""
        right = np.clip(np.sum(self.values < y[..., None], -1), 1, len(self._knots) - 1)
        start, slope = (x[..., 0] for x in self._line(right[..., None]))
        slope = np.maximum(slope, LEAST_SLOPE)
        return self._knots[right - 1] + (y - start) / slope, slope
