"""Predictions do not depend on how windows are grouped, and saved ones are read back."""

import jax
import numpy as np
import pytest

from pgat_jax import build
from pgat_jax.data.loading import split_data
from pgat_jax.forecasting import predict
from pgat_jax.forecasting.recalibration import QUANTILES
from pgat_jax.storage.loaded_run import load_run


@pytest.fixture(scope="module")
def loaded(scored_run):
    return load_run(scored_run("mse"))


def test_one_window_alone_is_forecast_as_among_others(loaded):
    together = predict.load_or_predict_split(loaded, "test").forecast.point
    row = loaded.data.windows("test")[5]
    alone = predict.predict_window(loaded, loaded.data, int(row)).point
    np.testing.assert_allclose(alone[0], together[5], rtol=1e-4, atol=1e-5)


def test_the_rows_of_a_window_follow_its_last_past_day(loaded):
    rows = predict.find_predicted_rows(loaded.data, "test")
    assert rows.shape == (48, 3)
    np.testing.assert_array_equal(rows[:, 0], loaded.data.windows("test") + 1)
    np.testing.assert_array_equal(np.diff(rows, axis=1), 1)


def test_the_truth_is_the_scaled_targets_of_the_rows(loaded):
    truth = predict.load_or_predict_split(loaded, "test").truth
    returns = loaded.data.table.values[predict.find_predicted_rows(loaded.data, "test"), :4]
    np.testing.assert_allclose(loaded.scaler.unscale_targets(truth), returns, atol=1e-12)


def test_saved_predictions_are_read_back(loaded, monkeypatch):
    before = predict.predict_split(loaded, "test")
    monkeypatch.setattr(predict, "predict_split", lambda *_: pytest.fail("computed again"))
    after = predict.load_or_predict_split(loaded, "test")
    np.testing.assert_array_equal(after.forecast.point, before.forecast.point)
    np.testing.assert_array_equal(after.truth, before.truth)


def test_a_point_head_has_no_distribution():
    assert predict.to_forecast({"point": np.zeros((1, 1, 1))}, ()).distribution is None


def test_crossed_quantiles_of_rounding_are_put_in_order():
    arrays = {"point": np.zeros((1, 1, 1)), "quantiles": np.array([[[[0.0, 1.0, 0.9999]]]])}
    forecast = predict.to_forecast(arrays, (0.1, 0.5, 0.9))
    assert (np.diff(forecast.distribution.values) >= 0).all()
    np.testing.assert_array_equal(forecast.distribution.levels, (0.1, 0.5, 0.9))


def test_weights_of_a_mixture_sum_to_one_in_float64():
    shape = (1, 1, 1, 2)
    arrays = {
        "point": np.zeros(shape[:-1], np.float32),
        "log_weights": np.log(np.full(shape, 0.3, np.float32)),
        "means": np.ones(shape, np.float32),
        "scales": np.full(shape, 2, np.float32),
    }
    mixture = predict.to_forecast(arrays, ()).distribution
    np.testing.assert_allclose(mixture.weights, 0.5)
    assert {a.dtype for a in (mixture.weights, mixture.means, mixture.scales)} == {np.dtype(float)}


@pytest.mark.slow
def test_a_forecast_with_few_days_before_it_is_not_recalibrated(loaded):
    config = loaded.data.config.model_copy(update={"volatility": "har"})
    data = split_data(config, loaded.data.table, loaded.data.splits)
    model = build(loaded.config.model_copy(update={"data": config}), data.columns)
    params = model.init(jax.random.key(0))
    first = np.array([config.seq_len + predict.LEAST_POOL])
    few = predict.forecast_rows(model, params, data, first, "")
    assert few.distribution is None
    enough = predict.forecast_rows(model, params, data, first + config.pred_len, "")
    assert enough.distribution.values.shape == (1, config.pred_len, 4, QUANTILES)
