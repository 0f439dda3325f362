"""Standardises columns with statistics of the training rows; sines and cosines are not scaled."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgat_jax.data.columns import TARGETS, Columns, add_volatility, is_bounded
from pgat_jax.data.har import Har

# A column whose values differ by less, relative to their size, is constant.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Scaler:
    """The mean and standard deviation of each of the V columns; 0 and 1 for sines and cosines.

    Attributes:
        columns: the layout of the V columns that the model sees.
        mean: [V] float64.
        std: [V] float64, above zero; 1 for a column that never changes.
        target_mean: [T] the means of the targets, in log returns.
        target_std: [T] the standard deviations of the targets, in log returns: one scaled unit.
        har: forecasts the volatility that the targets are divided by before they are scaled with
            `mean` and `std`; None without `data.volatility`.
    """

    columns: Columns
    mean: np.ndarray
    std: np.ndarray
    target_mean: np.ndarray
    target_std: np.ndarray
    har: Har | None = None

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Converts unscaled values to scaled ones, (value - mean) / std, of the same shape.

        Args:
            values: [..., V].
        """
        return (values - self.mean) / self.std

    def scale_targets(self, returns: np.ndarray) -> np.ndarray:
        """Converts log returns against the previous close to scaled units.

        Args:
            returns: [..., T].
        """
        return (returns - self.target_mean) / self.target_std

    def unscale_targets(self, scaled: np.ndarray) -> np.ndarray:
        """Converts scaled units to log returns against the previous close.

        Args:
            scaled: [..., T].
        """
        return scaled * self.target_std + self.target_mean

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can store and `from_dict` reads back exactly."""
        return {
            "names": list(self.columns.names),
            "slots": list(self.columns.slots),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "target_mean": self.target_mean.tolist(),
            "target_std": self.target_std.tolist(),
            "har": self.har and self.har.as_dict(),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Scaler":
        """Returns the scaler whose `as_dict` was stored.

        Args:
            stored: the result of `as_dict`.
        """
        columns = Columns(tuple(stored["names"]), tuple(stored["slots"]))
        mean, std = np.array(stored["mean"], float), np.array(stored["std"], float)
        if (
            stored.get("har") is None
        ):  # also a run that was trained before there was `data.volatility`
            return cls(columns, mean, std, mean[: len(TARGETS)], std[: len(TARGETS)])
        target_mean, target_std = (np.array(stored[f"target_{x}"], float) for x in ("mean", "std"))
        return cls(columns, mean, std, target_mean, target_std, Har.from_dict(stored["har"]))


def fit(values: np.ndarray, columns: Columns) -> Scaler:
    """Computes the statistics of rows; a column that never changes is only centred.

    The result has no volatility forecast (`har` is None).

    Args:
        values: [days, V] the training rows, unscaled.
        columns: the layout of the V columns.
    """
    free = np.array([not is_bounded(name) for name in columns.names])
    mean = np.where(free, values.mean(axis=0), 0.0)
    std = np.where(free & ~is_constant(values), values.std(axis=0), 1.0)
    return Scaler(columns, mean, std, mean[: len(TARGETS)], std[: len(TARGETS)])


def fit_residuals(residuals: np.ndarray, values: np.ndarray, columns: Columns, har: Har) -> Scaler:
    """Computes the statistics of rows in residual units, and those of the returns themselves.

    Args:
        residuals: [days, V + 6] the training rows of `convert_to_residuals(...).values`.
        values: [days, V] the same rows of the table, unscaled.
        columns: the layout of the table.
        har: the coefficients that the residuals were computed with.
    """
    inner, outer = fit(residuals, add_volatility(columns)), fit(values, columns)
    return dataclasses.replace(
        inner, target_mean=outer.target_mean, target_std=outer.target_std, har=har
    )


def is_constant(values: np.ndarray) -> np.ndarray:
    """Returns for each column whether it never changes, apart from rounding.

    Args:
        values: [days, V].

    Returns:
        [V] bool.
    """
    low, high = values.min(axis=0), values.max(axis=0)
    return high - low <= _ROUNDING * np.maximum(np.abs(low), np.abs(high))
