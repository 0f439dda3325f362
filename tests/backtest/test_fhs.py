"""Filtered historical simulation beside its plain form."""

import numpy as np

from pgat_jax.backtest.fhs import forecast_fhs, standardise_paths


def test_paths_and_forecast_are_those_of_a_plain_loop(history):
    rng = np.random.default_rng(1)
    returns, horizon = history.returns, history.horizon
    log_volatility = rng.normal(-4, 0.3, (len(returns), horizon))
    fit_row, pool, origin = 200, 20, 300
    expected = []
    for start in range(fit_row - horizon - pool + 1, fit_row - horizon + 1):
        path = []
        for h in range(1, horizon + 1):
            path.append(returns[start + h] / np.exp(log_volatility[start, h - 1]))
        expected.append(path)
    paths = standardise_paths(returns, log_volatility, fit_row, pool)
    np.testing.assert_allclose(paths, expected, rtol=1e-13)
    forecast = forecast_fhs(paths, log_volatility[[origin]])
    for h in range(horizon):
        scaled = np.array(expected)[:, h] * np.exp(log_volatility[origin, h])
        np.testing.assert_allclose(forecast.paths[0, :, h], scaled, rtol=1e-13)
        ordered = np.sort(scaled, 0).T
        np.testing.assert_allclose(forecast.distribution.values[0, h], ordered, rtol=1e-13)
        np.testing.assert_allclose(forecast.point[0, h], scaled.mean(0), rtol=1e-12)


def test_a_pool_ends_with_the_fit_row_and_has_what_there_is(history):
    flat = np.zeros((len(history), 3))
    paths = standardise_paths(history.returns, flat, 9, 1000)
    assert len(paths) == 7
    np.testing.assert_array_equal(paths[-1], history.returns[7:10])


def test_high_and_low_contain_open_and_close(history):
    volatility = np.full((len(history), 3), -4.0)
    opened, high, low, close = np.moveaxis(
        forecast_fhs(
            standardise_paths(history.returns, volatility, 400, 100), volatility[:5]
        ).paths,
        -1,
        0,
    )
    assert np.all(high >= np.maximum(opened, close)) and np.all(low <= np.minimum(opened, close))
