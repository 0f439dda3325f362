"""The lunar node against Meeus's worked examples."""

import numpy as np
import pytest
from skyfield.api import load
from skyfield.nutationlib import iau2000a_radians

from pgat_jax.data.ephemeris import centuries
from pgat_jax.data.lunar_nodes import mean_node, north_node, nutation


def test_mean_node_of_meeus_example_22a():
    T = np.array([-0.127296372348])
    assert mean_node(T)[0] % 360.0 == pytest.approx(11.2531, abs=1e-4)
    assert nutation(T)[0] == pytest.approx(-3.788, abs=0.5)


def test_mean_node_of_meeus_example_47a():
    assert mean_node(np.array([-0.077221081451]))[0] % 360.0 == pytest.approx(274.400656, abs=5e-6)


def test_short_nutation_is_within_half_an_arc_second_of_the_long_series():
    time = load.timescale(builtin=True).utc(1999, 1, np.arange(1, 7300, 13))
    long_series = np.degrees(iau2000a_radians(time)[0]) * 3600.0
    assert np.abs(nutation(centuries(time)) - long_series).max() < 0.5


def test_node_regresses_once_in_18_6_years():
    T = np.linspace(0.0, 0.186, 400)
    turn = np.unwrap(north_node(T), period=360.0)
    assert turn[-1] - turn[0] == pytest.approx(-360.0, abs=1.0)
