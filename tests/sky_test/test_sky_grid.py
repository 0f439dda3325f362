"""The columns of a sky: the Sun stays true, Mercury and Venus keep their elongation."""

import io

import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest.store import ScoreStore
from pgat_jax.data.on_demand import compute_sky
from pgat_jax.progress import Reporter
from pgat_jax.sky_test import sky_grid
from pgat_jax.sky_test.skies import Sky, make_true_sky, number_days
from pgat_jax.sky_test.sky_grid import load_grid, place_columns, place_longitudes

RATE = 1.3


@pytest.fixture(scope="module")
def false_sky(dates) -> Sky:
    return Sky(number_days(dates)[0] + 100.5, RATE, has_true_sun=True)


@pytest.fixture(scope="module")
def false(false_sky, real_grid, dates) -> dict[str, np.ndarray]:
    return place_columns(false_sky, real_grid, dates)


def test_the_true_sky_is_the_computed_one(real_grid, dates):
    shown, computed = place_columns(make_true_sky(dates), real_grid, dates), compute_sky(dates)
    assert list(shown) == list(computed)
    for name, values in computed.items():
        tolerance = 0.02 if name.endswith("_dec") else 1e-6  # the tilt of the equator is rounded
        np.testing.assert_allclose(shown[name], values, atol=tolerance, err_msg=name)


def test_a_false_rate_keeps_the_sun(false, dates):
    for name, values in compute_sky(dates).items():
        if name.startswith("dyn_Sun_"):
            np.testing.assert_allclose(false[name], values, atol=1e-6, err_msg=name)
    assert not np.allclose(false["dyn_Mars_sin"], compute_sky(dates)["dyn_Mars_sin"], atol=0.1)


def test_a_false_rate_keeps_the_elongation_of_mercury_and_venus(false_sky, false, real_grid, dates):
    unmoved = place_longitudes(false_sky._replace(has_true_sun=False), real_grid, dates)
    for body, most in (("Mercury", 29), ("Venus", 48)):
        apart = np.degrees(np.angle(np.exp(1j * (unmoved[body] - unmoved["Sun"]))))
        own = np.arctan2(false[f"dyn_{body}_sin"], false[f"dyn_{body}_cos"])
        sun = np.arctan2(false["dyn_Sun_sin"], false["dyn_Sun_cos"])
        shown = np.degrees(np.angle(np.exp(1j * (own - sun))))
        np.testing.assert_allclose(shown, apart, atol=1e-6)
        assert np.abs(shown).max() < most


def test_other_bodies_move_at_the_false_rate(false, dates):
    moon = np.unwrap(np.arctan2(false["dyn_Moon_sin"], false["dyn_Moon_cos"]))
    turn = (moon[-1] - moon[0]) / (2 * np.pi)
    days = (dates[-1] - dates[0]).astype(int)
    assert turn == pytest.approx(RATE * days / 27.32, rel=0.02)


@pytest.mark.parametrize("body", ["Moon", "Mercury", "Mars"])
def test_speeds_are_those_of_the_longitudes(false, dates, body):
    longitude = np.unwrap(np.arctan2(false[f"dyn_{body}_sin"], false[f"dyn_{body}_cos"]))
    speed = np.degrees(np.gradient(longitude, number_days(dates)))
    np.testing.assert_allclose(false[f"dyn_{body}_speed"][1:-1], speed[1:-1], atol=0.3)


def test_angles_to_the_sun_follow_the_true_sun(false):
    moon = np.arctan2(false["dyn_Moon_sin"], false["dyn_Moon_cos"])
    sun = np.arctan2(false["dyn_Sun_sin"], false["dyn_Sun_cos"])
    np.testing.assert_allclose(false["dyn_Moon_elong_cos"], np.cos(moon - sun), atol=0.01)


def test_a_shift_by_years_is_the_sky_of_that_year(real_grid, dates):
    shift = 730
    sky = Sky(number_days(dates)[0] + shift, 1.0, has_true_sun=False)
    shown, true = place_columns(sky, real_grid, dates), compute_sky(dates + shift)
    for name, values in true.items():
        np.testing.assert_allclose(shown[name], values, atol=1e-6, err_msg=name)


def test_the_grid_is_computed_once(tmp_path, monkeypatch, real_grid):
    made = []
    monkeypatch.setattr(sky_grid, "make_grid", lambda *_: made.append(1) or real_grid)
    store, reporter = ScoreStore(tmp_path), Reporter(Console(file=io.StringIO()))
    first, second = load_grid(store, reporter), load_grid(store, reporter)
    assert made == [1]
    np.testing.assert_array_equal(first.columns["dyn_Moon_sin"], second.columns["dyn_Moon_sin"])
