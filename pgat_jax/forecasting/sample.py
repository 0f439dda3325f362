"""Empirical distributions: forecasts of the last days' baseline and of residual spreads."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """Empirical distributions of M equally likely values; implements `Distribution`.

    Attributes:
        values: [..., M], sorted along the last axis.
    """

    values: np.ndarray

    def at(self, index: int | slice) -> "Sample":
        """Returns the distributions of one entry, or of some entries, of the first axis.

        Args:
            index: the position on the first axis, or a slice of it.
        """
        return Sample(self.values[index])

    def transform(self, shift: np.ndarray, scale: np.ndarray) -> "Sample":
        """Returns the distributions of shift + scale x Y.

        Args:
            shift: [...].
            scale: [...], above zero.
        """
        return Sample(shift[..., None] + scale[..., None] * self.values)

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """Computes the share [...] of the M values below `y`; values equal to `y` count half.

        Args:
            y: values [...].
        """
        below = np.mean(self.values < y[..., None], -1)
        return (below + np.mean(self.values <= y[..., None], -1)) / 2

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Interpolates between order statistics (type 7 of Hyndman and Fan 1996).

        Args:
            u: levels in (0, 1), [..., R] or [R].

        Returns:
            The quantiles [..., R].
        """
        last = self.values.shape[-1] - 1
        place = np.broadcast_to(u, (*self.values.shape[:-1], np.shape(u)[-1])) * last
        left = np.minimum(place.astype(int), max(last - 1, 0))
        start = np.take_along_axis(self.values, left, -1)
        end = np.take_along_axis(self.values, np.minimum(left + 1, last), -1)
        return start + (place - left) * (end - start)

    def crps(self, y: np.ndarray) -> np.ndarray:
        """Computes the CRPS [...]: E|X - y| - E|X - X'| / 2 for independent draws X and X'.

        Args:
            y: the truth [...].
        """
        count = self.values.shape[-1]
        rank = 2 * np.arange(1, count + 1) - count - 1
        spread = np.sum(rank * self.values, -1) / count**2
        return np.mean(np.abs(self.values - y[..., None]), -1) - spread

    def log_density(self, y: np.ndarray) -> None:
        """Returns None, since a sample has no density.

        Args:
            y: values [...], which are ignored.
        """
        del y
