"""The exponentially weighted volatility beside its plain form."""

import numpy as np

from pgat_jax.backtest.ewma import DECAY, HALF_LIFE, forecast_log_volatility


def test_variance_is_the_weighted_mean_of_squares_up_to_the_day(history):
    close = history.returns[:, 3]
    forecast = forecast_log_volatility(close, 3)
    for day in (0, 5, 300):
        weights = DECAY ** np.arange(day + 1)
        variance = np.sum(weights * close[day::-1] ** 2) / weights.sum()
        np.testing.assert_allclose(forecast[day], 0.5 * np.log(variance), rtol=1e-9)


def test_a_weight_halves_in_the_half_life():
    assert abs(DECAY**HALF_LIFE - 0.5) < 1e-12


def test_days_without_movement_have_a_finite_volatility():
    assert np.all(np.isfinite(forecast_log_volatility(np.zeros(4), 2)))
