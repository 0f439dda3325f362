"""Baselines read the past alone and are what their names say."""

import numpy as np
import pytest

from pgat_jax.forecasting import baselines

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(size=(600, 4))
ROWS = np.array([400, 450, 590])


def test_zero_return_keeps_the_price():
    mean, std = np.array([0.1, 0.2, -0.1, 0.0]), np.array([1.0, 2.0, 3.0, 4.0])
    point = baselines.zero_return(mean, std, 3, 5).point
    np.testing.assert_allclose(point * std + mean, np.zeros((3, 5, 4)), atol=1e-15)


def test_historical_mean_is_the_normal_of_the_training_rows():
    forecast = baselines.historical_mean(TARGETS[:300], 3, 5)
    np.testing.assert_allclose(forecast.point[1, 2], TARGETS[:300].mean(0))
    low, high = forecast.distribution.quantile(np.array([0.1587, 0.8413]))[0, 0, 1]
    assert (high - low) / 2 == pytest.approx(TARGETS[:300, 1].std(), rel=1e-3)


def test_recent_days_holds_exactly_the_last_250_days():
    forecast = baselines.recent_days(TARGETS, ROWS, 5)
    assert forecast.point.shape == (3, 5, 4)
    np.testing.assert_array_equal(
        forecast.distribution.values[1, 4, 2], np.sort(TARGETS[201:451, 2])
    )


@pytest.mark.parametrize("row", range(3))
def test_recent_days_reads_nothing_after_the_last_past_day(row):
    changed = TARGETS.copy()
    changed[ROWS[row] + 1 :] = 99
    before, after = (baselines.recent_days(t, ROWS, 2).point[row] for t in (TARGETS, changed))
    np.testing.assert_array_equal(before, after)


def test_recent_days_takes_fewer_where_there_are_fewer():
    forecast = baselines.recent_days(TARGETS, np.array([30, 31]), 2)
    assert forecast.distribution.values.shape == (2, 2, 4, 31)
