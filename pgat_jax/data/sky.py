"""Computes the 113 celestial columns of any dates that the ephemeris covers."""

from collections.abc import Iterator

import numpy as np

from pgat_jax.data.columns import ELONGATED, NODES, list_computed_columns
from pgat_jax.data.ephemeris import (
    DAYS_PER_CENTURY,
    SPEED_STEP,
    Position,
    at_midnight,
    centuries,
    compute_positions,
)
from pgat_jax.data.lunar_nodes import north_node
from pgat_jax.data.shadbala import separation, shadbala


def compute_celestial_columns(dates: np.ndarray) -> dict[str, np.ndarray]:
    """Computes the celestial columns at 00:00 UTC of each date.

    Args:
        dates: [days] `datetime64[D]`.

    Returns:
        Column name -> [days] float64, unscaled, in the documented order.

    Raises:
        UserError: a date lies outside the ephemeris.
    """
    time = at_midnight(dates)
    T, sky = centuries(time), compute_positions(time)
    found = dict(_node_columns(T))
    for point, position in sky.items():
        found |= _planet_columns(point, position, sky["Sun"])
    found |= {f"dyn_{point}_shadbala": rupas for point, rupas in shadbala(sky, T).items()}
    return {name: found[name] for name in list_computed_columns().names if name in found}


def _planet_columns(point: str, position: Position, sun: Position) -> dict[str, np.ndarray]:
    columns = dict(_angle_columns(point, position.longitude))
    columns[f"dyn_{point}_speed"] = position.speed
    columns[f"dyn_{point}_distance"] = position.distance
    columns[f"dyn_{point}_lat"] = position.latitude
    columns[f"dyn_{point}_dec"] = position.declination
    if point in ELONGATED:
        columns[f"dyn_{point}_elong_cos"] = elongation_cosine(position, sun)
    return columns


def elongation_cosine(position: Position, sun: Position) -> np.ndarray:
    """Computes the cosine of the angle in the sky between a body and the Sun.

    Args:
        position: the position of the body.
        sun: the position of the Sun.

    Returns:
        [days].
    """
    a, b = np.radians(position.latitude), np.radians(sun.latitude)
    apart = np.radians(separation(position.longitude, sun.longitude))
    return np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(apart)


def _node_columns(T: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    h = SPEED_STEP / DAYS_PER_CENTURY
    speed = separation(north_node(T + h), north_node(T - h)) / (2.0 * SPEED_STEP)
    for point, offset in zip(NODES, (0.0, 180.0)):
        yield from _angle_columns(point, (north_node(T) + offset) % 360.0)
        yield f"dyn_{point}_speed", -speed


def _angle_columns(point: str, longitude: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the longitude, and the place within a sign of 30 degrees, as points on a circle."""
    for name, angle in (("", longitude), ("sign_", longitude % 30.0 * 12.0)):
        yield f"dyn_{point}_{name}sin", np.sin(np.radians(angle))
        yield f"dyn_{point}_{name}cos", np.cos(np.radians(angle))
