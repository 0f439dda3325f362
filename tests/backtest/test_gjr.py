"""The recursion of GJR-GARCH beside the forecasts of `arch` itself."""

import numpy as np
import pytest
from arch import arch_model

from pgat_jax.backtest.gjr import PERCENT, Gjr, fit_gjr, forecast_log_volatility


@pytest.fixture(scope="module")
def fitted(history):
    close = history.returns[:, 3]
    model = arch_model(PERCENT * close[:500], mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="t")
    return close, model.fit(disp="off", show_warning=False), fit_gjr(close[:500])


def test_the_forecast_of_several_days_is_that_of_arch(fitted):
    close, result, gjr = fitted
    expected = result.forecast(horizon=10, reindex=False).variance.values[0]
    ours = forecast_log_volatility(gjr, close[:500], 10)[-1]
    np.testing.assert_allclose(np.exp(2 * ours) * PERCENT**2, expected, rtol=1e-10)


def test_the_variance_of_each_fitted_day_is_that_of_arch(fitted):
    close, result, gjr = fitted
    ours = np.exp(forecast_log_volatility(gjr, close[:500], 1)[:-1, 0]) * PERCENT
    np.testing.assert_allclose(ours, result.conditional_volatility[1:], rtol=1e-10)


def test_a_fit_is_carried_over_later_days_as_arch_does(fitted):
    close, result, gjr = fitted
    later = arch_model(PERCENT * close, mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="t")
    fixed = later.forecast(result.params, horizon=3, start=690, reindex=False).variance.values
    ours = np.exp(2 * forecast_log_volatility(gjr, close, 3)[690:]) * PERCENT**2
    np.testing.assert_allclose(ours, fixed, rtol=1e-6)


def test_a_fall_raises_the_volatility_more_than_a_rise():
    gjr = Gjr(0.0, 0.1, 0.05, 0.1, 0.8, 1.0)
    fall, rise = (forecast_log_volatility(gjr, np.array([r]), 1)[0, 0] for r in (-0.02, 0.02))
    assert fall > rise
