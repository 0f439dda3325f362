"""Positions against published ones; angles in arc seconds.

Sources: J. Meeus, Astronomical Algorithms (2nd ed.), worked examples and the table of equinoxes
and solstices of ch. 27 (dynamical time); instants of conjunctions, oppositions and ingresses as
published for the events themselves (UT, to the minute).
"""

import numpy as np
import pytest
from skyfield.api import load

from pgat_jax.data.columns import PLANETS
from pgat_jax.data.coverage import EPHEMERIS
from pgat_jax.data.ephemeris import at_midnight, compute_positions
from pgat_jax.errors import UserError

TS = load.timescale(builtin=True)
DAY = np.timedelta64(1, "D")
ARCSECOND = 1.0 / 3600.0


def wrap(angle):
    return (angle + 180.0) % 360.0 - 180.0


def at_tt(*moment):
    return compute_positions(TS.tt(*[np.atleast_1d(part) for part in moment]))


def at_ut(*moment):
    return compute_positions(TS.utc(*[np.atleast_1d(part) for part in moment]))


@pytest.mark.parametrize(
    ("moment", "longitude"),
    [
        ((1996, 3, 20, 8, 4, 7), 0),
        ((1996, 6, 21, 2, 24, 46), 90),
        ((1996, 9, 22, 18, 1, 8), 180),
        ((1996, 12, 21, 14, 6, 56), 270),
        ((2000, 3, 20, 7, 36, 19), 0),
        ((2000, 6, 21, 1, 48, 46), 90),
        ((2000, 9, 22, 17, 28, 40), 180),
        ((2000, 12, 21, 13, 38, 30), 270),
        ((2005, 3, 20, 12, 34, 29), 0),
        ((2005, 6, 21, 6, 47, 12), 90),
        ((2005, 9, 22, 22, 24, 14), 180),
        ((2005, 12, 21, 18, 36, 1), 270),
    ],
)
def test_sun_stands_at_equinoxes_and_solstices_when_meeus_says(moment, longitude):
    sun = at_tt(*moment)["Sun"]
    assert abs(wrap(sun.longitude[0] - longitude)) < 0.1 * ARCSECOND


def test_sun_of_meeus_example_25b():
    sun = at_tt(1992, 10, 13)["Sun"]
    assert sun.longitude[0] == pytest.approx(199 + 54 / 60 + 21.818 / 3600, abs=0.5 * ARCSECOND)
    assert sun.latitude[0] == pytest.approx(0.721 / 3600, abs=0.1 * ARCSECOND)
    assert sun.distance[0] == pytest.approx(0.99760853, abs=2e-8)
    assert sun.declination[0] == pytest.approx(-(7 + 47 / 60 + 1.74 / 3600), abs=0.1 * ARCSECOND)


def test_venus_of_meeus_example_33a():
    venus = at_tt(1992, 12, 20)["Venus"]
    assert venus.declination[0] == pytest.approx(
        -(18 + 53 / 60 + 16.84 / 3600), abs=0.1 * ARCSECOND
    )
    assert venus.distance[0] == pytest.approx(0.910947, abs=2e-6)


def test_moon_of_meeus_example_47a():
    """His short series is good to 10 arc seconds in longitude and 4 in latitude."""
    moon = at_tt(1992, 4, 12)["Moon"]
    assert moon.longitude[0] == pytest.approx(133.167265, abs=10 * ARCSECOND)
    assert moon.latitude[0] == pytest.approx(-3.229126, abs=4 * ARCSECOND)
    assert moon.distance[0] * 149597870.7 == pytest.approx(368409.7, abs=40)


def test_new_moon_of_meeus_example_49a():
    sky = at_tt(1977, 2, 18, 3, 37, 42)
    assert abs(wrap(sky["Moon"].longitude[0] - sky["Sun"].longitude[0])) < 2 * ARCSECOND


@pytest.mark.parametrize(
    ("one", "other", "apart", "moment"),
    [
        ("Jupiter", "Saturn", 0, (2000, 5, 28, 16, 4)),
        ("Jupiter", "Saturn", 0, (2020, 12, 21, 18, 20)),
        ("Venus", "Sun", 0, (2004, 6, 8, 8, 43)),
        ("Venus", "Sun", 0, (2012, 6, 6, 1, 9)),
        ("Mars", "Sun", 180, (2003, 8, 28, 17, 58)),
    ],
)
def test_conjunctions_and_oppositions_fall_on_their_published_minute(one, other, apart, moment):
    sky = at_ut(*moment)
    a, b = sky[one], sky[other]
    minutes = wrap(a.longitude - b.longitude - apart) / (a.speed - b.speed) * 1440
    assert abs(minutes[0]) < 1.0


@pytest.mark.parametrize(
    ("planet", "longitude", "moment"),
    [
        ("Jupiter", 120, (2014, 7, 16, 10, 30)),
        ("Saturn", 240, (2014, 12, 23, 16, 34)),
        ("Uranus", 0, (2011, 3, 12, 0, 49)),
        ("Neptune", 330, (2011, 4, 4, 13, 50)),
        ("Neptune", 330, (2012, 2, 3, 19, 3)),
        ("Pluto", 270, (2008, 1, 26, 2, 37)),
        ("Chiron", 330, (2010, 4, 20, 6, 30)),
        ("Chiron", 0, (2018, 4, 17, 8, 9)),
    ],
)
def test_outer_planets_enter_signs_when_published(planet, longitude, moment):
    """The slow ones move an arc second in minutes, so a minute's rounding is below one."""
    assert abs(wrap(at_ut(*moment)[planet].longitude[0] - longitude)) < 0.5 * ARCSECOND


def test_speed_is_the_slope_of_the_longitude():
    days = np.arange("2010-01-01", "2010-01-04", dtype="datetime64[D]")
    for position in compute_positions(at_midnight(days)).values():
        slope = wrap(position.longitude[2] - position.longitude[0]) / 2.0
        assert position.speed[1] == pytest.approx(slope, abs=0.03)


def test_positions_cover_every_planet_to_both_ends_of_the_ephemeris():
    sky = compute_positions(at_midnight(np.array(EPHEMERIS[1:])))
    assert list(sky) == list(PLANETS)
    assert all(np.isfinite(np.stack(position)).all() for position in sky.values())


@pytest.mark.parametrize("date", [EPHEMERIS.first - DAY, EPHEMERIS.last + DAY])
def test_a_date_outside_the_ephemeris_is_refused(date):
    with pytest.raises(UserError, match=rf"date {date} lies outside the ephemeris DE421"):
        at_midnight(np.array([np.datetime64("2000-01-01"), date]))
