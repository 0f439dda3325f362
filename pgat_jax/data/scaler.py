"""Standardises columns with statistics of the training rows; sines and cosines are not scaled."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgat_jax.data.columns import TARGETS, Columns, is_bounded

# A column whose values differ by less, relative to their size, is constant.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Scaler:
    """The mean and standard deviation of each of the V columns; 0 and 1 for sines and cosines.

    Attributes:
        columns: the layout of the V columns.
        mean: [V] float64.
        std: [V] float64, above zero.
    """

    columns: Columns
    mean: np.ndarray
    std: np.ndarray

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Converts unscaled values to scaled ones.

        Args:
            values: [..., V].
        """
        return (values - self.mean) / self.std

    @property
    def target_mean(self) -> np.ndarray:
        """The means [T] of the targets, in log returns."""
        return self.mean[: len(TARGETS)]

    @property
    def target_std(self) -> np.ndarray:
        """The standard deviations [T] of the targets, in log returns: one scaled unit."""
        return self.std[: len(TARGETS)]

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
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Scaler":
        """Returns the scaler whose `as_dict` was stored.

        Args:
            stored: the result of `as_dict`.
        """
        columns = Columns(tuple(stored["names"]), tuple(stored["slots"]))
        return cls(columns, np.array(stored["mean"], float), np.array(stored["std"], float))


def fit(values: np.ndarray, columns: Columns) -> Scaler:
    """Computes the statistics of rows; a column that never changes is only centred.

    Args:
        values: [days, V] the training rows, unscaled.
        columns: the layout of the V columns.
    """
    free = np.array([not is_bounded(name) for name in columns.names])
    mean = np.where(free, values.mean(axis=0), 0.0)
    std = np.where(free & ~is_constant(values), values.std(axis=0), 1.0)
    return Scaler(columns, mean, std)


def is_constant(values: np.ndarray) -> np.ndarray:
    """Returns for each column whether it never changes, apart from rounding.

    Args:
        values: [days, V].

    Returns:
        [V] bool.
    """
    low, high = values.min(axis=0), values.max(axis=0)
    return high - low <= _ROUNDING * np.maximum(np.abs(low), np.abs(high))
