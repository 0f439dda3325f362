"""Residuals: centred, standardised by the forecast of the day before, blind to later days."""

import dataclasses

import numpy as np

from pgat_jax.backtest.forecasters import forecast_har_volatility
from pgat_jax.data.volatility import compute_log_volatility
from pgat_jax.sky_test.residual_blocks import FIRST_DAY, prepare_block


def test_residuals_are_returns_over_the_volatility_forecast_the_day_before(field):
    block = field.blocks[0]
    prepared = prepare_block(field.history, block)
    forecast = forecast_har_volatility(field.history, block.fit_row)
    day = 300
    returns = field.history.returns[FIRST_DAY : block.fit_row + 1]
    past = np.exp(forecast[FIRST_DAY - 1 : block.fit_row, 0])
    standard = returns / past[:, None]
    np.testing.assert_allclose(
        prepared.residuals[day, :4], standard[day] - standard.mean(0), atol=1e-12
    )
    surprise = compute_log_volatility(returns) - np.log(past)
    np.testing.assert_allclose(prepared.residuals[:, 4], surprise - surprise.mean(), atol=1e-12)


def test_truths_times_scale_are_the_returns_that_came(field):
    block = field.blocks[1]
    prepared = prepare_block(field.history, block)
    truth = field.history.find_truth(block.rows)
    np.testing.assert_allclose(prepared.truth * prepared.scale[..., None], truth)


def test_residuals_and_pools_know_nothing_after_the_fit_row(field):
    block = field.blocks[0]
    returns = field.history.returns.copy()
    returns[block.fit_row + 1 :] *= 3
    other = prepare_block(dataclasses.replace(field.history, returns=returns), block)
    own = prepare_block(field.history, block)
    np.testing.assert_array_equal(own.residuals, other.residuals)
    np.testing.assert_array_equal(
        own.pools[0][3].score(np.ones(1)), other.pools[0][3].score(np.ones(1))
    )
