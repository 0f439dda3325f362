"""Chiron's orbit against published facts and the two-body limit."""

import numpy as np
import pytest
from skyfield.api import load

from pgat_jax.data import chiron
from pgat_jax.data.chiron import GM_SUN, Chiron, kepler_state
from pgat_jax.data.ephemeris import compute_positions, open_kernel

TS = load.timescale(builtin=True)


def spanning(first, last, count):
    """Barycentric and heliocentric distance on ``count`` moments between two Julian dates."""
    time = TS.tdb_jd(np.linspace(first, last, count))
    body = Chiron.spanning(open_kernel(), time)
    return time, body.at(time).xyz.au - open_kernel()["sun"].at(time).xyz.au


def test_state_at_the_epoch_has_the_elements_energy_and_inclination():
    r, v = kepler_state().reshape(2, 3)
    energy = v @ v / 2.0 - GM_SUN / np.linalg.norm(r)
    assert -GM_SUN / (2.0 * energy) == pytest.approx(chiron.SEMI_MAJOR_AXIS, rel=1e-12)
    tilt = np.array([0.0, -np.sin(chiron.OBLIQUITY), np.cos(chiron.OBLIQUITY)])
    momentum = np.cross(r, v)
    cosine = momentum @ tilt / np.linalg.norm(momentum)
    assert np.arccos(cosine) == pytest.approx(chiron.INCLINATION, abs=1e-9)


@pytest.mark.parametrize(
    ("published", "distance"), [("1945-08-29", None), ("1996-02-14", 8.4536), ("2046-08-03", None)]
)
def test_perihelia_fall_on_their_published_days(published, distance):
    """JPL Small-Body Database: 1945-08-29, 1996-02-14 (8.45 AU) and 2046-08-03."""
    day = (np.datetime64(published) - np.datetime64("2000-01-01")).astype(int) + 2451544.5
    time, place = spanning(day - 60, day + 60, 2401)
    radius = np.linalg.norm(place, axis=0)
    assert abs(time.tdb[radius.argmin()] - day) < 1.5
    if distance:
        assert radius.min() == pytest.approx(distance, abs=2e-3)


@pytest.mark.parametrize(
    ("julian_date_ut", "longitude"),
    [
        (2433282.5, 255.777223),
        (2440587.5, 2.520351),
        (2447892.5, 103.847482),
        (2451545.0, 251.617624),
        (2455197.5, 323.115304),
        (2462501.5, 38.042056),
        (2469807.5, 246.587706),
    ],
)
def test_longitudes_over_a_century_agree_with_the_swiss_ephemeris(julian_date_ut, longitude):
    """Its apparent ecliptic longitudes of date, 1950 to 2050, to half an arc second."""
    found = compute_positions(TS.ut1_jd(np.array([julian_date_ut])))["Chiron"].longitude[0]
    assert found == pytest.approx(longitude, abs=0.5 / 3600.0)


def test_halving_the_step_moves_nothing(monkeypatch):
    _, coarse = spanning(2451179.5, 2458483.5, 50)
    monkeypatch.setattr(chiron, "STEP", 10.0)
    _, fine = spanning(2451179.5, 2458483.5, 50)
    assert np.abs(coarse - fine).max() < 1e-7


def test_interpolation_agrees_with_the_integrated_velocity():
    time = TS.tdb_jd(2451179.5 + np.linspace(0.0, 100.0, 301))
    body = Chiron.spanning(open_kernel(), time)
    state = body.at(time)
    slope = np.gradient(state.xyz.au, time.tdb, axis=1)
    assert np.abs(slope - state.velocity.au_per_d)[:, 1:-1].max() < 1e-8
