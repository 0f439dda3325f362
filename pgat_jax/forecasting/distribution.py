"""Forecast distributions in float64, to which the outputs of heads and baselines are converted.

Each has one univariate distribution for every entry of a leading shape [...] (windows, days ahead,
targets), and the methods of `Distribution`.
"""

from typing import NamedTuple, Protocol, Self

import numpy as np


class Distribution(Protocol):
    """One univariate distribution for each entry of a leading shape [...]."""

    def at(self, index: int | slice) -> Self:
        """Returns the distributions of one entry of the first axis, or of a slice of it.

        An integer removes the axis: of [W, P, T], one window's [P, T].

        Args:
            index: the position on the first axis, or a slice of it.
        """
        ...

    def transform(self, shift: np.ndarray, scale: np.ndarray) -> Self:
        """Returns the distributions of shift + scale x Y.

        Args:
            shift: [...].
            scale: [...], above zero.
        """
        ...

    def cdf(self, y: np.ndarray) -> np.ndarray:
        """Computes the distribution function; at the truth it is the PIT value.

        Args:
            y: values [...].

        Returns:
            P(Y <= y), [...].
        """
        ...

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Computes quantiles, which increase with the level.

        Args:
            u: levels in (0, 1), [..., R] or [R].

        Returns:
            The quantiles [..., R].
        """
        ...

    def crps(self, y: np.ndarray) -> np.ndarray:
        """Computes the continuous ranked probability score.

        Args:
            y: the truth [...].

        Returns:
            The score [...], in the units of `y`; lower is better.
        """
        ...

    def log_density(self, y: np.ndarray) -> np.ndarray | None:
        """Computes the logarithm of the density.

        Args:
            y: values [...].

        Returns:
            The log density [...] in nats; None for a distribution without a density.
        """
        ...


class Forecast(NamedTuple):
    """Forecasts of W windows, in scaled units.

    Attributes:
        point: the point forecasts [W, P, T].
        distribution: the distributions [W, P, T]; None for a model that forecasts points alone.
    """

    point: np.ndarray
    distribution: Distribution | None

    def at(self, index: slice) -> "Forecast":
        """Returns the forecasts of some windows.

        Args:
            index: a slice of the W windows.
        """
        distribution = self.distribution and self.distribution.at(index)
        return Forecast(self.point[index], distribution)

    def transform(self, shift: np.ndarray, scale: np.ndarray) -> "Forecast":
        """Returns the forecasts of shift + scale x Y.

        Args:
            shift: [W, P, T].
            scale: [W, P, T], above zero.
        """
        distribution = self.distribution and self.distribution.transform(shift, scale)
        return Forecast(shift + scale * self.point, distribution)
