"""Computes partial shadbala: the part of the six-fold strength without place, sunrise or houses.

It is the sum of five components, in rupas (60 virupas), and cannot be compared with the classical
minima of the whole sum.
"""

import numpy as np

from pgat_jax.data.columns import STRONG
from pgat_jax.data.ephemeris import Position

# Sidereal longitude of deepest exaltation, degrees.
EXALTATION = {
    "Sun": 10.0,
    "Moon": 33.0,
    "Mars": 298.0,
    "Mercury": 165.0,
    "Jupiter": 95.0,
    "Venus": 357.0,
    "Saturn": 200.0,
}
# Degrees at J2000 and degrees per Julian century, mean equinox of date (Meeus, ch. 31).
MEAN_LONGITUDE = {
    "Sun": (280.466457, 36000.7698278),
    "Mercury": (252.250906, 149474.0722491),
    "Venus": (181.979801, 58519.2130302),
    "Mars": (355.433, 19141.6964471),
    "Jupiter": (34.351519, 3036.3027748),
    "Saturn": (50.077444, 1223.5110686),
}
# Rank of natural strength, in sevenths of a rupa.
NATURAL_RANK = {
    "Sun": 7,
    "Moon": 6,
    "Venus": 5,
    "Jupiter": 4,
    "Mercury": 3,
    "Mars": 2,
    "Saturn": 1,
}


def shadbala(sky: dict[str, Position], T: np.ndarray) -> dict[str, np.ndarray]:
    """Computes the partial shadbala of each of the seven classical planets.

    Args:
        sky: point -> tropical position, of at least the seven: Sun, Moon, Mercury, Venus, Mars,
            Jupiter and Saturn.
        T: [days] Julian centuries TT since J2000.

    Returns:
        Point -> [days] rupas.
    """
    return {
        point: (
            exaltation_strength(point, sky[point].longitude, T)
            + phase_strength(point, sky["Moon"].longitude, sky["Sun"].longitude)
            + declination_strength(point, sky[point].declination)
            + motional_strength(point, sky[point].longitude, T)
            + 60.0 * NATURAL_RANK[point] / 7.0
        )
        / 60.0
        for point in STRONG
    }


def ayanamsa(T: np.ndarray) -> np.ndarray:
    """Computes Lahiri's offset of the sidereal from the tropical zodiac.

    Args:
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] degrees.
    """
    return 23.85709 + (5028.796195 * T + 1.1054348 * T**2) / 3600.0


def exaltation_strength(point: str, longitude: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Computes uccha bala: the distance from the point of deepest fall.

    Args:
        point: one of the seven classical planets, a key of `EXALTATION`.
        longitude: [days] tropical longitude, degrees.
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] virupas, 0 to 60.
    """
    return separation(longitude - ayanamsa(T), EXALTATION[point] + 180.0) / 3.0


def phase_strength(point: str, moon: np.ndarray, sun: np.ndarray) -> np.ndarray:
    """Computes paksha bala: benefics gain with the waxing Moon, the others lose.

    The benefics are the Moon, Mercury, Jupiter and Venus.

    Args:
        point: one of the seven classical planets.
        moon: [days] longitude of the Moon, degrees.
        sun: [days] longitude of the Sun, degrees.

    Returns:
        [days] virupas, 0 to 60; twice that for the Moon.
    """
    share = separation(moon, sun) / 3.0
    if point == "Moon":
        return 2.0 * share
    return share if point in ("Mercury", "Jupiter", "Venus") else 60.0 - share


def declination_strength(point: str, declination: np.ndarray) -> np.ndarray:
    """Computes ayana bala, the strength by declination.

    It grows to the north; for the Moon and Saturn to the south, for Mercury to either side.

    Args:
        point: one of the seven classical planets.
        declination: [days] degrees, north is positive.

    Returns:
        [days] virupas, 0 to 60; twice that for the Sun.
    """
    north = {"Moon": -declination, "Saturn": -declination, "Mercury": np.abs(declination)}
    strength = np.clip(60.0 * (24.0 + north.get(point, declination)) / 48.0, 0.0, 60.0)
    return 2.0 * strength if point == "Sun" else strength


def motional_strength(point: str, longitude: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Computes cheshta bala, 0 for the Sun and the Moon.

    It is the distance of the sighrocca from the middle of the mean and the true longitude.

    Args:
        point: one of the seven classical planets.
        longitude: [days] tropical longitude, degrees.
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] virupas, 0 to 60.
    """
    if point in ("Sun", "Moon"):
        return np.zeros_like(longitude)
    own, sun = mean_longitude(point, T), mean_longitude("Sun", T)
    mean, apex = (sun, own) if point in ("Mercury", "Venus") else (own, sun)
    return separation(apex, mean + _wrap(longitude - mean) / 2.0) / 3.0


def mean_longitude(point: str, T: np.ndarray) -> np.ndarray:
    """Computes the mean longitude of a planet.

    Args:
        point: a key of `MEAN_LONGITUDE`: the Sun, or Mercury to Saturn; not the Moon.
        T: [days] Julian centuries TT since J2000.

    Returns:
        [days] degrees, not reduced to [0, 360).
    """
    start, rate = MEAN_LONGITUDE[point]
    return start + rate * T


def separation(a: np.ndarray, b: np.ndarray | float) -> np.ndarray:
    """Computes the angle between two longitudes.

    Args:
        a: [days] degrees.
        b: [days] degrees, or one number.

    Returns:
        [days] degrees in [0, 180].
    """
    return np.abs(_wrap(a - b))


def _wrap(angle: np.ndarray) -> np.ndarray:
    return (angle + 180.0) % 360.0 - 180.0
