"""Gives a point forecast a distribution: the errors that the model made on the validation split."""

import numpy as np

from pgat_jax.config import Config
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.predict import HEAD_SPREAD, Prediction, load_or_predict_split
from pgat_jax.forecasting.recalibration import POOL_DAYS
from pgat_jax.forecasting.sample import Sample
from pgat_jax.storage.loaded_run import LoadedRun

# More errors than this are replaced by as many of their quantiles, to save memory.
RESIDUALS = 200
# Where a model's distribution comes from, if its head forecasts points alone.
RESIDUAL_SPREAD = "its errors on the validation windows, around the point forecast"
# With a volatility forecast it comes from the days before, whatever the head.
RECALIBRATED_SPREAD = (
    f"its volatility forecast, and its own errors on at most {POOL_DAYS:,} days before the forecast"
)


def add_residual_spread(forecast: Forecast, validation: Prediction) -> Forecast:
    """Adds the centred errors of the validation windows to a point forecast, as its distribution.

    The errors of all windows and days ahead are pooled, since each target is a one-day return.

    Args:
        forecast: point forecasts [W, P, T].
        validation: the same model's point forecasts of the validation windows, and their truth.

    Returns:
        The forecast with a `Sample` of the errors around each point.
    """
    errors = validation.truth - validation.forecast.point
    errors = np.sort(errors.reshape(-1, errors.shape[-1]), axis=0)
    if len(errors) > RESIDUALS:
        errors = np.quantile(errors, (np.arange(RESIDUALS) + 0.5) / RESIDUALS, axis=0)
    errors = (errors - errors.mean(0)).T
    return forecast._replace(distribution=Sample(forecast.point[..., None] + errors))


def ensure_distribution(run: LoadedRun, forecast: Forecast) -> Forecast:
    """Returns the forecast if it has a distribution, else the forecast with a residual spread.

    That is the spread of the run's errors on its validation split, see `add_residual_spread`.

    Args:
        run: the run that made the forecast.
        forecast: the forecasts of any windows.

    Raises:
        UserError: the residual spread is needed, and the run's table cannot be read or has changed.
    """
    if forecast.distribution is not None:
        return forecast
    return add_residual_spread(forecast, load_or_predict_split(run, "validation"))


def describe_spread(config: Config) -> str:
    """Returns a text that says where the distribution of a model's forecasts comes from.

    Args:
        config: the configuration of the model.
    """
    if config.data.volatility != "none":
        return RECALIBRATED_SPREAD
    return RESIDUAL_SPREAD if config.loss.criterion == "mse" else HEAD_SPREAD
