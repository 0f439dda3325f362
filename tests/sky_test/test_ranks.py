"""Ranks and gains of the true sky."""

import numpy as np
import pytest

from pgat_jax.sky_test.ranks import measure_gains, rank_true, summarise_arms


def test_the_p_value_counts_placebos_that_gain_as_much():
    placebos = np.array([0.1, 0.2, 0.3, 0.4])
    assert rank_true(0.5, placebos) == 0.2
    assert rank_true(0.3, placebos) == 0.6
    assert rank_true(0.0, placebos) == 1.0


def test_a_gain_is_a_share_of_the_score_without_a_sky():
    none = np.array([1.0, 3.0])
    np.testing.assert_allclose(measure_gains(np.array([[1.0, 2.8], [1.0, 3.2]]), none), [5, -5])


def test_the_summary_has_intervals_around_the_gain():
    rng = np.random.default_rng(0)
    none = rng.uniform(0.5, 1.5, 500)
    true = none * rng.normal(0.98, 0.05, 500)
    false = none * rng.normal(1.0, 0.05, (19, 500))
    result = summarise_arms(none, true, false, false[:3])
    assert result["low"] < result["gain"] < result["high"]
    assert result["gain"] == pytest.approx(2, abs=0.6) and result["rank_p"] == 0.05
    assert len(result["false"]) == 19 and result["rank_p_shifted"] == 0.25
    assert summarise_arms(none, true, false, false[:0])["rank_p_shifted"] is None
