"""The 113 computed columns."""

import numpy as np
import pytest

from pgat_jax.data.columns import NODES, PLANETS, list_computed_columns
from pgat_jax.data.ephemeris import at_midnight, compute_positions
from pgat_jax.data.sky import compute_celestial_columns

DAYS = np.arange("2003-02-01", "2004-02-01", 9, dtype="datetime64[D]")


@pytest.fixture(scope="module")
def sky():
    return compute_celestial_columns(DAYS)


def test_columns_come_by_name_in_the_documented_order(sky):
    assert tuple(sky) == list_computed_columns().names[5:]
    assert all(values.shape == DAYS.shape and values.dtype == np.float64 for values in sky.values())
    assert all(np.isfinite(values).all() for values in sky.values())


@pytest.mark.parametrize("point", [*PLANETS, *NODES])
def test_sines_and_cosines_hold_the_longitude_and_the_place_in_the_sign(sky, point):
    pairs = [[sky[f"dyn_{point}_{part}{f}"] for f in ("sin", "cos")] for part in ("", "sign_")]
    longitude, sign = (np.degrees(np.arctan2(*pair)) for pair in pairs)
    assert [np.hypot(*pair) for pair in pairs] == [pytest.approx(1.0)] * 2
    apart = (sign - 12.0 * (longitude % 30.0) + 180.0) % 360.0 - 180.0
    assert np.abs(apart).max() < 1e-9


def test_nodes_are_opposite_and_move_backwards(sky):
    for feature in ("sin", "cos"):
        assert sky[f"dyn_Mean Rahu_{feature}"] == pytest.approx(-sky[f"dyn_Mean Ketu_{feature}"])
    assert sky["dyn_Mean Rahu_speed"] == pytest.approx(-0.05295, abs=1e-3)


def test_elongation_cosine_is_the_angle_between_the_directions(sky):
    found = compute_positions(at_midnight(DAYS))

    def direction(point):
        lon, lat = np.radians(found[point].longitude), np.radians(found[point].latitude)
        return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    for point in PLANETS[1:9]:
        cosine = (direction(point) * direction("Sun")).sum(axis=0)
        assert sky[f"dyn_{point}_elong_cos"] == pytest.approx(cosine, abs=1e-12)


def test_inner_planets_never_leave_the_sun(sky):
    assert sky["dyn_Mercury_elong_cos"].min() > np.cos(np.radians(28.5))
    assert sky["dyn_Venus_elong_cos"].min() > np.cos(np.radians(48.0))
