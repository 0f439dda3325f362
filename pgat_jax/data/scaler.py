"""Standardisation with statistics of the training rows; sines and cosines stay as they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgat_jax.data.columns import TARGETS, Columns, is_bounded


@dataclass(frozen=True, eq=False)
class Scaler:
    """Mean and standard deviation of each of the V columns; 0 and 1 for sines and cosines."""

    columns: Columns
    mean: np.ndarray
    """[V] float64."""
    std: np.ndarray
    """[V] float64, above zero."""

    def scale(self, values: np.ndarray) -> np.ndarray:
        """[..., V] unscaled -> scaled."""
        return (values - self.mean) / self.std

    @property
    def target_mean(self) -> np.ndarray:
        """Mean [T] of the targets, in log returns."""
        return self.mean[: len(TARGETS)]

    @property
    def target_std(self) -> np.ndarray:
        """Standard deviation [T] of the targets, in log returns: one scaled unit."""
        return self.std[: len(TARGETS)]

    def scale_targets(self, returns: np.ndarray) -> np.ndarray:
        """Converts log returns against the previous close [..., T] to scaled units."""
        return (returns - self.target_mean) / self.target_std

    def unscale_targets(self, scaled: np.ndarray) -> np.ndarray:
        """[..., T] scaled -> log returns against the previous close."""
        return scaled * self.target_std + self.target_mean

    def as_dict(self) -> dict[str, Any]:
        """JSON that ``from_dict`` reads back exactly."""
        return {
            "names": list(self.columns.names),
            "slots": list(self.columns.slots),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Scaler":
        """The scaler that ``as_dict`` wrote."""
        columns = Columns(tuple(stored["names"]), tuple(stored["slots"]))
        return cls(columns, np.array(stored["mean"], float), np.array(stored["std"], float))


def fit(values: np.ndarray, columns: Columns) -> Scaler:
    """Statistics of the given rows [days, V]; a column that never changes is only centred."""
    free = np.array([not is_bounded(name) for name in columns.names])
    mean = np.where(free, values.mean(axis=0), 0.0)
    std = np.where(free & ~is_constant(values), values.std(axis=0), 1.0)
    return Scaler(columns, mean, std)


def is_constant(values: np.ndarray) -> np.ndarray:
    """[days, V] -> [V] bool: whether a column never changes, rounding aside."""
    low, high = values.min(axis=0), values.max(axis=0)
    return high - low <= 1e-9 * np.maximum(np.abs(low), np.abs(high))
