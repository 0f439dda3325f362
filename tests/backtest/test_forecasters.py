"""The baselines: what they forecast, and that they read nothing later."""

import numpy as np
import pytest

from pgat_jax.backtest.forecasters import BASELINES, NAMES, RECENT_DAYS, REFERENCE, fit_har_fhs
from pgat_jax.backtest.history import History
from pgat_jax.data.har import fit_har, forecast_log_volatility
from pgat_jax.data.splits import Split

ROWS, FIT_ROW = np.array([600, 610]), 590


@pytest.mark.parametrize("name", BASELINES)
def test_no_forecast_reads_a_return_after_its_origin(name, history):
    changed = history.returns.copy()
    changed[ROWS[-1] + 1 :] *= 7.0
    later = History(changed, history.dates, history.horizon)
    own, other = (BASELINES[name](past, FIT_ROW)(ROWS) for past in (history, later))
    np.testing.assert_array_equal(own.point, other.point)
    np.testing.assert_array_equal(own.paths, other.paths)
    levels = np.array([0.1, 0.5])
    np.testing.assert_array_equal(*(f.distribution.quantile(levels) for f in (own, other)))


@pytest.mark.parametrize("name", BASELINES)
def test_no_fit_reads_a_return_after_the_fit_row(name, history):
    changed = history.returns.copy()
    changed[FIT_ROW + 1 : 600 - RECENT_DAYS // 100] *= 1 + 1e-9
    row = np.array([FIT_ROW])
    later = History(changed, history.dates, history.horizon)
    own, other = (BASELINES[name](past, FIT_ROW)(row) for past in (history, later))
    np.testing.assert_array_equal(own.paths, other.paths)


@pytest.mark.parametrize("name", BASELINES)
def test_paths_points_and_distributions_have_their_shapes(name, history):
    forecast = BASELINES[name](history, FIT_ROW)(ROWS)
    assert forecast.point.shape == (2, 3, 4)
    assert forecast.paths.shape[::2] == (2, 3) and forecast.paths.shape[3] == 4
    assert forecast.distribution.cdf(forecast.point).shape == (2, 3, 4)
    assert name in NAMES


def test_last_250_is_the_distribution_of_the_days_up_to_the_origin(history):
    forecast = BASELINES[REFERENCE](history, FIT_ROW)(ROWS)
    days = history.returns[600 - RECENT_DAYS + 1 : 601]
    np.testing.assert_array_equal(
        forecast.distribution.quantile(np.array([0.5]))[0, 2, :, 0], np.median(days, 0)
    )
    np.testing.assert_array_equal(forecast.paths[0, 0], history.returns[598:601])


def test_mean_is_the_normal_distribution_of_the_fit(history):
    forecast = BASELINES["mean"](history, FIT_ROW)(ROWS)
    past = history.returns[: FIT_ROW + 1]
    np.testing.assert_allclose(forecast.point[1, 2], past.mean(0), rtol=1e-12)
    np.testing.assert_allclose(forecast.distribution.scales[0, 0, :, 0], past.std(0), rtol=1e-12)


def test_har_fhs_scales_past_paths_by_the_volatility_that_har_forecasts(history):
    har = fit_har(history.returns, history.dates, Split(0, FIT_ROW + 1), 3)
    log_volatility = forecast_log_volatility(har, history.returns, history.dates)
    forecast = fit_har_fhs(history, FIT_ROW)(ROWS)
    last = history.returns[FIT_ROW] * np.exp(
        log_volatility[600, 2] - log_volatility[FIT_ROW - 3, 2]
    )
    np.testing.assert_allclose(forecast.paths[0, -1, 2], last, rtol=1e-12)
