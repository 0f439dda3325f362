"""Returns in units of their forecast volatility, and the columns that are added."""

import numpy as np
import pytest

from pgat_jax.config import DataConfig
from pgat_jax.data.columns import ERROR_HALF_LIVES, VOLATILITY
from pgat_jax.data.har import append_trading_days, fit_har, forecast_log_volatility
from pgat_jax.data.loading import split_data
from pgat_jax.data.residual_units import convert_to_residuals
from pgat_jax.data.splits import split_rows
from pgat_jax.data.volatility import compute_log_volatility

SECTION = DataConfig(
    seq_len=16, label_len=8, pred_len=3, validation_days=50, test_days=50, volatility="har"
)


@pytest.fixture(scope="module")
def har_data(data):
    return split_data(SECTION, data.table, split_rows(len(data.table), SECTION))


def test_each_return_is_divided_by_the_forecast_of_the_day_before(data):
    table = data.table
    returns = table.values[:, :4]
    har = fit_har(returns, table.dates, data.splits.train, 3)
    units = convert_to_residuals(table.values, table.dates, har, "XNYS")
    days = append_trading_days(table.dates, 3, "XNYS")
    forecast = forecast_log_volatility(har, returns, days)
    np.testing.assert_allclose(units.values[1:, :4], returns[1:] / np.exp(forecast[:-1, :1]))
    np.testing.assert_array_equal(units.values[:, 4], compute_log_volatility(returns))
    np.testing.assert_array_equal(units.values[1:, 9], forecast[:-1, 0])
    np.testing.assert_array_equal(units.values[:, 10:], table.values[:, 4:])


def test_errors_are_means_over_the_past_with_weights_that_halve(data):
    table = data.table
    har = fit_har(table.values[:, :4], table.dates, data.splits.train, 3)
    values = convert_to_residuals(table.values, table.dates, har, "XNYS").values
    error = values[:, 4] - values[:, 9]
    for column, half_life in enumerate(ERROR_HALF_LIVES, 5):
        age = np.arange(400)[::-1]
        expected = np.average(error[:400], weights=0.5 ** (age / half_life))
        assert values[399, column] == pytest.approx(expected, rel=1e-9)


def test_model_sees_the_columns_after_the_targets(har_data):
    columns = har_data.columns
    assert columns.names[4:10] == VOLATILITY
    assert columns.slots[:11] == (-1,) * 11
    assert columns.observed == 9
    assert columns.bodiless == 11


def test_targets_convert_to_scaled_returns(har_data):
    rows = har_data.windows("test")
    batch = har_data.gather(rows)
    shift, scale = har_data.compute_target_units(rows)
    returns = har_data.table.values[rows[:, None] + 1 + np.arange(3), :4]
    expected = har_data.scaler.scale_targets(returns)
    np.testing.assert_allclose(shift + scale * np.asarray(batch.target), expected, atol=2e-5)


def test_units_without_volatility_are_scaled_units(data):
    shift, scale = data.compute_target_units(data.windows("test")[:2])
    assert not shift.any()
    assert (scale == 1).all()
    assert shift.shape == scale.shape == (2, data.config.pred_len, 4)


def test_days_to_predict_have_the_forecast_of_the_last_past_day(har_data):
    row = len(har_data.table) - 10
    batch, scaler = har_data.gather(np.array([row])), har_data.scaler
    table = har_data.table
    days = append_trading_days(table.dates, 3, "XNYS")
    forecast = forecast_log_volatility(scaler.har, table.values[:, :4], days)
    label = np.concatenate([forecast[row - 8 : row, 0], forecast[row]])
    expected = (label - scaler.mean[9]) / scaler.std[9]
    np.testing.assert_allclose(batch.known[0, :, 0], expected, atol=1e-5)


def test_no_later_price_enters_a_window(har_data):
    row = 300
    table = har_data.table
    values, prices = table.values.copy(), table.prices.copy()
    values[row + 1 :, :4] *= 3
    prices[row + 1 :] *= 3
    changed = split_data(
        SECTION, type(table)(**vars(table) | {"values": values, "prices": prices}), har_data.splits
    )
    scaled = type(har_data)(har_data.config, changed.table, har_data.splits, har_data.scaler)
    before, after = (x.gather(np.array([row]))._replace(target=None) for x in (har_data, scaled))
    for name, array in before._asdict().items():
        if array is not None:
            np.testing.assert_array_equal(array, getattr(after, name), err_msg=name)


def test_last_row_has_a_window_although_its_days_lie_after_the_table(har_data):
    batch, days = har_data.window_at(len(har_data.table) - 1)
    assert np.isnan(batch.target).all()
    for name in ("past", "known", "known_calendar"):
        assert np.isfinite(getattr(batch, name)).all(), name
    assert str(days[0]) == "2019-01-02"


def test_residuals_of_the_training_rows_are_standardised(har_data):
    batch = har_data.batch("train", np.arange(0, 4900, 50))
    assert np.asarray(batch.target).std((0, 1)) == pytest.approx(np.ones(4), abs=0.15)
    assert np.asarray(batch.target).mean((0, 1)) == pytest.approx(np.zeros(4), abs=0.15)
