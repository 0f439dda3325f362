"""Computes apparent geocentric positions from the DE421 ephemeris, by skyfield.

Positions are for 00:00 UTC of a date, with light time and aberration, on the true ecliptic and
equinox of date. Light deflection is left out: it spikes when a planet is behind the Sun. Jupiter to
Pluto are the barycentres of their systems.
"""

import hashlib
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from skyfield.api import load
from skyfield.framelib import ecliptic_frame
from skyfield.jpllib import SpiceKernel
from skyfield.timelib import Time

from pgat_jax.data.chiron import Chiron
from pgat_jax.data.columns import PLANETS
from pgat_jax.data.coverage import EPHEMERIS
from pgat_jax.errors import UserError

# Half width, in days, of the central difference for speeds.
SPEED_STEP = 0.01
# Digest of the file with which the documented positions were measured.
DE421_SHA256 = "a20a7139da04cbc462454634918e9a9ca69127044e2cc9d4f9c16e238d2deedc"
# Julian date of the epoch J2000.
J2000 = 2451545.0
DAYS_PER_CENTURY = 36525.0
_SEGMENTS = dict(zip(PLANETS, ("sun", "moon", "mercury", "venus", "mars"))) | {
    point: f"{point.lower()} barycenter" for point in PLANETS[5:10]
}


class Position(NamedTuple):
    """The apparent geocentric positions of one body on each of the days; every array is [days].

    Attributes:
        longitude: ecliptic longitude of date, degrees in [0, 360).
        latitude: ecliptic latitude, degrees.
        distance: AU.
        speed: change of the longitude, degrees per day.
        declination: angle from the true equator of date, degrees.
    """

    longitude: np.ndarray
    latitude: np.ndarray
    distance: np.ndarray
    speed: np.ndarray
    declination: np.ndarray


def compute_positions(time: Time) -> dict[str, Position]:
    """Computes the positions of the Sun, the Moon, Mercury to Pluto (without Earth) and Chiron.

    Args:
        time: skyfield's times [days].

    Returns:
        Point, a name of `PLANETS` such as `Mars`, -> position.

    Raises:
        UserError: the package skyfield-data is not installed.
    """
    kernel = open_kernel()
    earth = kernel["earth"]
    bodies = {point: kernel[name] for point, name in _SEGMENTS.items()}
    bodies["Chiron"] = Chiron.spanning(kernel, time)
    here, before, after = (earth.at(shift(time, h)) for h in (0.0, -SPEED_STEP, SPEED_STEP))
    return {point: _position(body, here, before, after) for point, body in bodies.items()}


def at_midnight(dates: np.ndarray) -> Time:
    """Returns skyfield's time 00:00 UTC of each date.

    Args:
        dates: [days] `datetime64[D]`.

    Raises:
        UserError: a date lies outside the ephemeris, 1899-08-15 to 2053-10-02.
    """
    for i in EPHEMERIS.find_outside(dates)[:1]:
        raise UserError(
            f"date {dates[i]} lies outside {EPHEMERIS.source}, which covers {EPHEMERIS.first} to "
            f"{EPHEMERIS.last}: leave such rows out, or give the table its own celestial columns."
        )
    day: Any = 1 + dates.astype("datetime64[D]").astype(int)
    return load.timescale(builtin=True).utc(1970, 1, day)


def centuries(time: Time) -> np.ndarray:
    """Returns the Julian centuries [days] of Terrestrial Time since J2000.

    Args:
        time: skyfield's times [days].
    """
    return (time.whole - J2000 + time.tt_fraction) / DAYS_PER_CENTURY


def shift(time: Time, days: float) -> Time:
    """Returns the times that are a number of days later.

    Args:
        time: skyfield's times [days].
        days: the number of days; negative for earlier times.
    """
    return time.ts.tt_jd(time.whole, time.tt_fraction + days)


@cache
def open_kernel() -> SpiceKernel:
    """Opens DE421 where pip installed it, once; a checksum that differs is a warning.

    Raises:
        UserError: the package skyfield-data is not installed.
    """
    spec = find_spec("skyfield_data")
    if spec is None or spec.origin is None:
        raise UserError("the package skyfield-data is missing: pip install skyfield-data.")
    path = Path(spec.origin).parent / "data" / "de421.bsp"
    if hashlib.sha256(path.read_bytes()).hexdigest() != DE421_SHA256:
        logging.getLogger(__name__).warning(
            "%s is not the DE421 file that was measured (its sha256 differs).", path
        )
    return SpiceKernel(str(path))


def _position(body, here, before, after) -> Position:
    apparent = here.observe(body).apparent(deflectors=())
    latitude, longitude, distance = apparent.frame_latlon(ecliptic_frame)
    step = _longitude(body, after) - _longitude(body, before)
    speed = ((step + 180.0) % 360.0 - 180.0) / (2.0 * SPEED_STEP)
    declination = apparent.radec("date")[1].degrees
    return Position(longitude.degrees, latitude.degrees, distance.au, speed, declination)


def _longitude(body, here) -> np.ndarray:
    apparent = here.observe(body).apparent(deflectors=())
    return apparent.frame_latlon(ecliptic_frame)[1].degrees
