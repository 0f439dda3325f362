"""Baselines read the past alone and are what their names say."""

import numpy as np
import pytest

from pgat_jax.forecasting import baselines
from pgat_jax.storage.loaded_run import load_run

RNG = np.random.default_rng(0)
TARGETS = RNG.normal(size=(600, 4))
ROWS = np.array([400, 450, 590])


def test_zero_return_keeps_the_price():
    mean, std = np.array([0.1, 0.2, -0.1, 0.0]), np.array([1.0, 2.0, 3.0, 4.0])
    point = baselines.forecast_zero_return(mean, std, 3, 5).point
    np.testing.assert_allclose(point * std + mean, np.zeros((3, 5, 4)), atol=1e-15)


def test_historical_mean_is_the_normal_of_the_training_rows():
    forecast = baselines.forecast_historical_mean(TARGETS[:300], 3, 5)
    np.testing.assert_allclose(forecast.point[1, 2], TARGETS[:300].mean(0))
    low, high = forecast.distribution.quantile(np.array([0.1587, 0.8413]))[0, 0, 1]
    assert (high - low) / 2 == pytest.approx(TARGETS[:300, 1].std(), rel=1e-3)


def test_recent_days_holds_exactly_the_last_250_days():
    forecast = baselines.forecast_recent_days(TARGETS, ROWS, 5)
    assert forecast.point.shape == (3, 5, 4)
    np.testing.assert_array_equal(
        forecast.distribution.values[1, 4, 2], np.sort(TARGETS[201:451, 2])
    )


@pytest.mark.parametrize("row", range(3))
def test_recent_days_reads_nothing_after_the_last_past_day(row):
    changed = TARGETS.copy()
    changed[ROWS[row] + 1 :] = 99
    before, after = (
        baselines.forecast_recent_days(t, ROWS, 2).point[row] for t in (TARGETS, changed)
    )
    np.testing.assert_array_equal(before, after)


def test_recent_days_takes_fewer_where_there_are_fewer():
    forecast = baselines.forecast_recent_days(TARGETS, np.array([30, 31]), 2)
    assert forecast.distribution.values.shape == (2, 2, 4, 31)


def test_the_three_baselines_of_a_split_are_made_from_its_windows(make_run):
    data = load_run(make_run("mse")).data
    made = baselines.make_baselines(data, "test", 3)
    assert list(made) == [key for key in baselines.FORECASTERS if key != "model"]
    assert {forecast.point.shape for forecast in made.values()} == {(48, 3, 4)}
    targets = baselines.scale_all_targets(data)
    np.testing.assert_allclose(data.scaler.unscale_targets(targets), data.table.values[:, :4])
    last = data.windows("test")[0]
    recent = targets[last - baselines.RECENT_DAYS + 1 : last + 1].mean(0)
    np.testing.assert_allclose(made["last_250_days"].point[0, 0], recent)
    training = targets[slice(*data.splits.train)]
    np.testing.assert_allclose(made["historical_mean"].point[0, 0], training.mean(0))
