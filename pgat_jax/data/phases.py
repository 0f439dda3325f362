"""Computes the position of each body on the ecliptic: the unscaled phase of the 13 slots."""

import numpy as np

from pgat_jax.data.columns import KNOWN, Columns
from pgat_jax.names import BODIES


def compute_phases(values: np.ndarray, columns: Columns) -> np.ndarray:
    """Computes the phase of each body from the celestial columns.

    Args:
        values: [days, V] unscaled.
        columns: the layout of the V columns.

    Returns:
        [days, N, 4] float32: longitude (rad, -pi..pi), sign phase (rad), speed (degree/day) and
        radius (AU). Where the table lacks a column: longitude 0, the sign phase that follows from
        the longitude, speed 0, radius 1.
    """
    return np.stack(
        [_phase(_features(values, columns, slot), len(values)) for slot in range(len(BODIES))],
        axis=1,
    ).astype(np.float32)


def _features(values: np.ndarray, columns: Columns, slot: int) -> dict[str, np.ndarray]:
    """Returns feature -> [days] of one body; moving columns replace those of a natal chart."""
    found = {}
    for i in reversed(columns.of_body(slot)):
        found[KNOWN[columns.names[i].lower()].feature] = values[:, i]
    return found


def _phase(features: dict[str, np.ndarray], days: int) -> np.ndarray:
    zero, one = np.zeros(days), np.ones(days)
    longitude = np.arctan2(features.get("sin", zero), features.get("cos", one))
    sign = np.arctan2(np.sin(12.0 * longitude), np.cos(12.0 * longitude))
    if "sign_sin" in features and "sign_cos" in features:
        sign = np.arctan2(features["sign_sin"], features["sign_cos"])
    speed, radius = features.get("speed", zero), features.get("distance", one)
    return np.stack([longitude, sign, speed, radius], axis=1)
