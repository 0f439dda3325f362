"""Partial shadbala: each component at points that the definition fixes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.data.columns import STRONG
from pgat_jax.data.ephemeris import Position
from pgat_jax.data.shadbala import (
    EXALTATION,
    ayanamsa,
    declination_strength,
    exaltation_strength,
    mean_longitude,
    motional_strength,
    phase_strength,
    separation,
    shadbala,
)

ZERO = np.zeros(1)


@pytest.mark.parametrize("point", STRONG)
def test_exaltation_gives_one_rupa_and_fall_none(point):
    exalted = EXALTATION[point] + ayanamsa(ZERO)
    assert exaltation_strength(point, exalted, ZERO)[0] == pytest.approx(60.0)
    assert exaltation_strength(point, exalted + 180.0, ZERO)[0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("point", "full", "new"),
    [("Jupiter", 60, 0), ("Mercury", 60, 0), ("Moon", 120, 0), ("Saturn", 0, 60), ("Sun", 0, 60)],
)
def test_phase_strength_at_full_and_new_moon(point, full, new):
    sun = np.array([10.0])
    assert phase_strength(point, sun + 180.0, sun)[0] == full
    assert phase_strength(point, sun, sun)[0] == new


@pytest.mark.parametrize(
    ("point", "declination", "virupas"),
    [
        ("Sun", 24, 120),
        ("Sun", 0, 60),
        ("Mars", -24, 0),
        ("Moon", -24, 60),
        ("Saturn", 24, 0),
        ("Mercury", -24, 60),
        ("Mercury", 0, 30),
        ("Venus", 27, 60),
        ("Moon", 28, 0),
    ],
)
def test_declination_strength(point, declination, virupas):
    assert declination_strength(point, np.array([float(declination)]))[0] == virupas


def test_motional_strength_is_full_at_mean_opposition_and_none_at_conjunction():
    """At Mars's mean place, opposite or with the mean Sun."""
    T = np.linspace(0.0, 0.1, 20000)
    mars = mean_longitude("Mars", T)
    apart = separation(mars, mean_longitude("Sun", T))
    strength = motional_strength("Mars", mars % 360.0, T)
    assert strength == pytest.approx(apart / 3.0)
    assert strength.max() > 59.9
    assert strength.min() < 0.1
    assert not motional_strength("Sun", mars, T).any()


@given(st.lists(st.floats(0, 360), min_size=14, max_size=14), st.floats(-0.5, 0.5))
def test_sums_stay_between_their_bounds(angles, T):
    sky = {
        point: Position(*[np.array([a])] * 4, np.array([b / 6.0 - 30.0]))
        for point, a, b in zip(STRONG, angles, angles[7:])
    }
    for rupas in shadbala(sky, np.array([T])).values():
        assert 60 / 7 / 60 <= rupas[0] <= (60 + 120 + 120 + 60 + 60) / 60


def test_ayanamsa_is_lahiris():
    """Published: 23 deg 51' at 2000.0, 24 deg 07' at 2020.0 (Indian Astronomical Ephemeris)."""
    assert ayanamsa(np.array([0.0, 0.2])) == pytest.approx(
        [23 + 51.2 / 60, 24 + 8.0 / 60], abs=0.02
    )
