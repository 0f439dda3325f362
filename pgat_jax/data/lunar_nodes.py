"""Computes the Moon's mean node (Meeus, Astronomical Algorithms, ch. 22 and 47)."""

import numpy as np


def north_node(T: np.ndarray) -> np.ndarray:
    """Computes the longitude of the Moon's mean ascending node from the true equinox of date.

    Args:
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] degrees in [0, 360).
    """
    return (mean_node(T) + nutation(T) / 3600.0) % 360.0


def mean_node(T: np.ndarray) -> np.ndarray:
    """Computes the longitude of the Moon's mean ascending node from the mean equinox (ch. 47).

    Args:
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] degrees, not reduced to [0, 360).
    """
    return 125.0445479 - 1934.1362891 * T + 0.0020754 * T**2 + T**3 / 467441.0 - T**4 / 60616000.0


def nutation(T: np.ndarray) -> np.ndarray:
    """Computes the nutation in longitude to 0.5 arc seconds (ch. 22, the four largest terms).

    Args:
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] arc seconds.
    """
    node, sun, moon = np.radians(
        [mean_node(T), 280.4665 + 36000.7698 * T, 218.3165 + 481267.8813 * T]
    )
    return (
        -17.20 * np.sin(node)
        - 1.32 * np.sin(2.0 * sun)
        - 0.23 * np.sin(2.0 * moon)
        + 0.21 * np.sin(2.0 * node)
    )
