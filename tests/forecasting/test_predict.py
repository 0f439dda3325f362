"""Predictions do not depend on how windows are grouped, and kept ones are trusted only if sound."""

import dataclasses

import jax
import numpy as np
import pytest

from pgat_jax.forecasting import predict
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.runs.folder import load_run


@pytest.fixture(scope="module")
def loaded(scored_run):
    return load_run(scored_run("mse"))


def test_one_window_alone_is_forecast_as_among_others(loaded):
    together = predict.kept_split(loaded, "test").forecast.point
    row = loaded.data.windows("test")[5]
    alone = predict.predict_window(loaded, loaded.data.window_at(row)[0]).point
    np.testing.assert_allclose(alone[0], together[5], rtol=1e-4, atol=1e-5)


def test_kept_predictions_are_read_back(loaded, monkeypatch):
    made = predict.predict_split(loaded, "test")
    monkeypatch.setattr(predict, "predict_split", lambda *_: pytest.fail("made again"))
    read = predict.kept_split(loaded, "test")
    np.testing.assert_array_equal(read.forecast.point, made.forecast.point)
    np.testing.assert_array_equal(read.truth, made.truth)


def test_predictions_of_other_parameters_are_not_used(loaded):
    other = jax.tree.map(lambda leaf: leaf + 0.1, loaded.params)
    changed = dataclasses.replace(loaded, params=other)
    before = predict.kept_split(loaded, "test").forecast.point
    assert not np.allclose(predict.kept_split(changed, "test").forecast.point, before)
    predict.predict_split(loaded, "test")


@pytest.mark.parametrize("damage", [lambda b: b[:-200], lambda b: b"x" + b[1:], lambda b: b""])
def test_damaged_predictions_are_made_again(loaded, damage):
    whole = predict.kept_split(loaded, "test").forecast.point
    path = loaded.path / "predictions" / "test.npz"
    path.write_bytes(damage(path.read_bytes()))
    np.testing.assert_array_equal(predict.kept_split(loaded, "test").forecast.point, whole)


def test_residual_spread_is_centred_on_the_point_and_as_wide_as_the_errors():
    rng = np.random.default_rng(0)
    truth = rng.normal(0.7, 2.0, size=(80, 10, 4))
    validation = predict.Predicted(Forecast(np.zeros((80, 10, 4)), None), truth)
    point = rng.normal(size=(3, 10, 4))
    forecast = predict.with_residuals(Forecast(point, None), validation)
    values = forecast.distribution.values
    np.testing.assert_allclose(values.mean(-1), point, atol=1e-9)
    assert values.shape[-1] == predict.RESIDUALS
    assert values.std(-1) == pytest.approx(2.0, rel=0.1)


def test_crossed_quantiles_of_rounding_are_put_in_order():
    arrays = {"point": np.zeros((1, 1, 1)), "quantiles": np.array([[[[0.0, 1.0, 0.9999]]]])}
    forecast = predict.to_forecast(arrays, (0.1, 0.5, 0.9))
    assert (np.diff(forecast.distribution.values) >= 0).all()
