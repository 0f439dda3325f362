"""A point forecast gets the centred validation errors as distribution."""

import numpy as np
import pytest

from pgat_jax import load_config
from pgat_jax.forecasting import residuals
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.predict import Prediction
from pgat_jax.forecasting.sample import Sample


def predict_zero(truth) -> Prediction:
    return Prediction(Forecast(np.zeros_like(truth), None), truth)


def test_the_spread_is_centred_on_the_point_and_as_wide_as_the_errors():
    rng = np.random.default_rng(0)
    truth = rng.normal(0.7, 2.0, size=(80, 10, 4))
    point = rng.normal(size=(3, 10, 4))
    forecast = residuals.add_residual_spread(Forecast(point, None), predict_zero(truth))
    values = forecast.distribution.values
    np.testing.assert_allclose(values.mean(-1), point, atol=1e-9)
    assert values.shape[-1] == residuals.RESIDUALS
    assert values.std(-1) == pytest.approx(2.0, rel=0.1)
    assert (np.diff(values) >= 0).all()


def test_a_few_errors_are_used_as_they_are():
    truth = np.array([1.0, 5.0, 3.0]).reshape(3, 1, 1)
    forecast = residuals.add_residual_spread(
        Forecast(np.full((1, 1, 1), 10.0), None), predict_zero(truth)
    )
    np.testing.assert_allclose(forecast.distribution.values, [[[[8.0, 10.0, 12.0]]]])


def test_a_forecast_with_a_distribution_stays_as_it_is():
    forecast = Forecast(np.zeros((1, 1, 4)), Sample(np.zeros((1, 1, 4, 2))))
    assert residuals.ensure_distribution(None, forecast) is forecast


@pytest.mark.parametrize(
    "criterion, volatility, words",
    [
        ("mse", "none", "errors on the validation windows"),
        ("nll", "none", "stated by its head"),
        ("quantile", "none", "stated by its head"),
        ("mse", "har", "its volatility forecast, and its own errors on at most 1,000 days before"),
        ("nll", "har", "its volatility forecast, and its own errors on at most 1,000 days before"),
    ],
)
def test_where_the_spread_comes_from_is_said(criterion, volatility, words):
    config = load_config("tiny", f"loss.criterion={criterion}", f"data.volatility={volatility}")
    assert words in residuals.describe_spread(config)
