"""Recalibration: filtered historical simulation at parity, causality, calibration."""

import numpy as np
import pytest
from scipy import stats

from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.recalibration import (
    HALF_LIFE,
    POOL_DAYS,
    QUANTILES,
    rank_truth,
    recalibrate,
    weigh_quantiles,
)

ROWS, WINDOWS, HORIZON, TARGETS = 420, 20, 3, 2
LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES


def make_truth(rows: int = ROWS, seed: int = 0) -> np.ndarray:
    """Returns targets [R, P, T] of consecutive rows, as those of a table overlap."""
    days = stats.t(4).rvs((rows + HORIZON, TARGETS), random_state=seed) + 0.3
    return days[np.arange(rows)[:, None] + 1 + np.arange(HORIZON) - 1]


def make_normal(rows: int, scale: float = 2.0) -> Forecast:
    shape = (rows, HORIZON, TARGETS, 1)
    mixture = GaussianMixture(np.ones(shape), np.zeros(shape), np.full(shape, scale))
    return Forecast(np.zeros(shape[:-1]), mixture)


def quantiles_of(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the quantiles of one weighted sample, from the formula."""
    order = np.argsort(values)
    share = weights[order] / weights.sum()
    return np.interp(LEVELS, np.cumsum(share) - share / 2, values[order])


def test_quantiles_with_equal_weights_are_those_of_hazen():
    values = np.random.default_rng(0).normal(size=(3, 2, 57))
    got = weigh_quantiles(values, np.full(57, 0.3), LEVELS)
    expected = np.moveaxis(np.quantile(values, LEVELS, axis=-1, method="hazen"), 0, -1)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def test_quantiles_follow_the_weights():
    values = np.concatenate([np.zeros(50), np.ones(50)])[None]
    weights = np.repeat([1.0, 3.0], 50)
    levels = np.array([0.1, 0.2, 0.3, 0.9])
    np.testing.assert_array_equal(weigh_quantiles(values, weights, levels), [[0, 0, 1, 1]])
    unknown = np.where(values > 0, np.nan, values)
    assert np.isnan(weigh_quantiles(unknown, weights, levels)[0, -1])


@pytest.mark.parametrize("has_distribution", [True, False])
def test_a_forecast_that_never_changes_becomes_historical_simulation(has_distribution):
    forecast, truth = make_normal(ROWS), make_truth()
    if not has_distribution:
        forecast = Forecast(forecast.point, None)
    last = forecast.at(slice(-WINDOWS, None))
    got = recalibrate(last, rank_truth(forecast, truth)).distribution.values
    for window, day in ((0, 0), (7, 2), (WINDOWS - 1, 1)):
        row = ROWS - WINDOWS + window
        age = np.arange(min(POOL_DAYS, ROWS - WINDOWS - HORIZON))
        known = truth[row - day - 1 - age, day]
        expected = np.stack([quantiles_of(values, 0.5 ** (age / HALF_LIFE)) for values in known.T])
        # Between two ranks, and most in the tails, the quantiles follow the forecast, not a line.
        central = slice(QUANTILES // 20, -QUANTILES // 20)
        error = got[window, day] - expected
        assert np.abs(error[:, central]).max() < 0.02


def test_only_days_up_to_the_origin_are_read():
    forecast, truth = make_normal(ROWS), make_truth()
    last = forecast.at(slice(-WINDOWS, None))
    before = recalibrate(last, rank_truth(forecast, truth)).distribution.values
    window = 5
    origin = ROWS - WINDOWS + window
    future = np.arange(ROWS)[:, None] + 1 + np.arange(HORIZON) > origin
    changed = np.where(future[..., None], np.nan, truth)
    after = recalibrate(last, rank_truth(forecast, changed)).distribution.values
    np.testing.assert_array_equal(after[: window + 1], before[: window + 1])
    assert np.isnan(after[window + 1]).any()


def test_a_forecast_that_is_too_narrow_becomes_calibrated():
    forecast, truth = make_normal(1500, scale=0.7), make_truth(1500, seed=1)
    last, ranks = forecast.at(slice(-400, None)), rank_truth(forecast, truth)
    assert np.mean(np.abs(last.distribution.cdf(truth[-400:]) - 0.5) < 0.45) < 0.75
    pit = recalibrate(last, ranks).distribution.cdf(truth[-400:])
    assert np.mean(np.abs(pit - 0.5) < 0.45) == pytest.approx(0.9, abs=0.03)


def test_a_forecast_that_follows_its_scale_keeps_following_it():
    rng = np.random.default_rng(2)
    scale = np.exp(rng.normal(size=(1500, 1, 1)))
    truth = scale * rng.normal(size=(1500, 1, 1))
    mixture = GaussianMixture(*(x[..., None] for x in (np.ones_like(scale), 0 * scale, scale)))
    forecast = Forecast(0 * scale, mixture)
    last = forecast.at(slice(-300, None))
    width = np.ptp(recalibrate(last, rank_truth(forecast, truth)).distribution.values, -1)
    assert np.corrcoef(np.log(width.ravel()), np.log(scale[-300:].ravel()))[0, 1] > 0.99
