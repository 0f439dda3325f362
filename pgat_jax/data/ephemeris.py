"""Apparent geocentric positions from the DE421 ephemeris, by skyfield.

At 00:00 UTC of a date: light time and aberration, no light deflection (it spikes when a planet
stands behind the Sun), true ecliptic and equinox of date. Jupiter to Pluto are barycentres.
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
from pgat_jax.errors import UserError

FIRST, LAST = np.datetime64("1899-08-15"), np.datetime64("2053-10-02")
"""Dates that DE421 and the integration of Chiron cover, with room for light time."""
SPEED_STEP = 0.01
"""Half width in days of the central difference for speeds."""
DE421_SHA256 = "a20a7139da04cbc462454634918e9a9ca69127044e2cc9d4f9c16e238d2deedc"
J2000 = 2451545.0
DAYS_PER_CENTURY = 36525.0
_SEGMENTS = dict(zip(PLANETS, ("sun", "moon", "mercury", "venus", "mars"))) | {
    point: f"{point.lower()} barycenter" for point in PLANETS[5:10]
}


class Position(NamedTuple):
    """One body on each of the days, [days] each."""

    longitude: np.ndarray
    """Ecliptic longitude of date, degrees in [0, 360)."""
    latitude: np.ndarray
    """Ecliptic latitude, degrees."""
    distance: np.ndarray
    """AU."""
    speed: np.ndarray
    """Of the longitude, degrees a day."""
    declination: np.ndarray
    """From the true equator of date, degrees."""


def positions(time: Time) -> dict[str, Position]:
    """Position of each of ``PLANETS`` at the given times."""
    kernel = open_kernel()
    earth = kernel["earth"]
    bodies = {point: kernel[name] for point, name in _SEGMENTS.items()}
    bodies["Chiron"] = Chiron.spanning(kernel, time)
    here, before, after = (earth.at(shifted(time, h)) for h in (0.0, -SPEED_STEP, SPEED_STEP))
    return {point: _position(body, here, before, after) for point, body in bodies.items()}


def at_midnight(dates: np.ndarray) -> Time:
    """00:00 UTC of each date (``datetime64[D]``).

    Raises:
        UserError: a date lies outside the ephemeris.
    """
    outside = np.flatnonzero((dates < FIRST) | (dates > LAST))
    if outside.size:
        raise UserError(
            f"date {dates[outside[0]]} lies outside the ephemeris DE421, which covers {FIRST} to "
            f"{LAST}: leave such rows out, or give the table its own celestial columns."
        )
    day: Any = 1 + dates.astype("datetime64[D]").astype(int)
    return load.timescale(builtin=True).utc(1970, 1, day)


def centuries(time: Time) -> np.ndarray:
    """Julian centuries of Terrestrial Time since J2000."""
    return (time.whole - J2000 + time.tt_fraction) / DAYS_PER_CENTURY


def shifted(time: Time, days: float) -> Time:
    """The same times, ``days`` later."""
    return time.ts.tt_jd(time.whole, time.tt_fraction + days)


@cache
def open_kernel() -> SpiceKernel:
    """DE421 where pip put it; a checksum that differs is said, not refused."""
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
