"""Simple forecasters to compare a model with, for the same windows and in the same scaled units.

None of them reads a row after the last past day of a window.
"""

import numpy as np

from pgat_jax.data.dataset import Data
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.sample import Sample

# Days whose returns are the distribution of the last baseline: one trading year.
RECENT_DAYS = 250
# Key of a forecaster in scores.json -> its name in tables and pictures.
FORECASTERS = {
    "model": "model",
    "zero_return": "zero return",
    "historical_mean": "historical mean",
    "last_250_days": "last 250 days",
}


def make_baselines(data: Data, split: str, horizon: int) -> dict[str, Forecast]:
    """Makes the three baselines' forecasts for the windows of a split.

    Args:
        data: the table, its splits and its scaler.
        split: `validation` or `test`.
        horizon: P, the days ahead.

    Returns:
        `zero_return`, `historical_mean` and `last_250_days` -> its forecasts [W, P, T] in scaled
        units; those of `zero_return` have no distribution.
    """
    rows, scaler = data.windows(split), data.scaler
    targets = scale_all_targets(data)
    train = slice(*data.splits.train)
    return {
        "zero_return": forecast_zero_return(
            scaler.target_mean, scaler.target_std, len(rows), horizon
        ),
        "historical_mean": forecast_historical_mean(targets[train], len(rows), horizon),
        "last_250_days": forecast_recent_days(targets, rows, horizon),
    }


def scale_all_targets(data: Data) -> np.ndarray:
    """Returns the scaled targets [days, T] of all rows of a table, in float64.

    Args:
        data: the table and its scaler.
    """
    count = len(data.scaler.target_mean)
    return data.scaler.scale_targets(data.table.values[:, :count])


def forecast_zero_return(mean: np.ndarray, std: np.ndarray, windows: int, horizon: int) -> Forecast:
    """Forecasts a log return of 0, without a distribution: prices stay at the last close.

    Args:
        mean: the log return [T] that scaled 0 is.
        std: the log return [T] that one scaled unit is.
        windows: W, the number of windows.
        horizon: P, the days ahead.
    """
    return Forecast(_repeat(-mean / std, windows, horizon), None)


def forecast_historical_mean(training: np.ndarray, windows: int, horizon: int) -> Forecast:
    """Forecasts the normal distribution with the mean and standard deviation of the training rows.

    Args:
        training: the scaled targets [days, T] of the training rows.
        windows: W, the number of windows.
        horizon: P, the days ahead.
    """
    mean = _repeat(training.mean(0), windows, horizon)
    scale = _repeat(training.std(0), windows, horizon)
    normal = GaussianMixture(np.ones((*mean.shape, 1)), mean[..., None], scale[..., None])
    return Forecast(mean, normal)


def forecast_recent_days(targets: np.ndarray, rows: np.ndarray, horizon: int) -> Forecast:
    """Forecasts the mean and the empirical distribution of the 250 days up to each window's end.

    If fewer days precede the end of the first window, all windows use only as many as it has.

    Args:
        targets: the scaled targets [days, T] of all rows.
        rows: the last past row [W] of each window.
        horizon: P, the days ahead.
    """
    count = min(RECENT_DAYS, int(rows.min()) + 1)
    past = targets[rows[:, None] - np.arange(count)]
    values = np.sort(np.moveaxis(past, 1, -1), -1)[:, None]
    values = np.broadcast_to(values, (len(rows), horizon, *values.shape[2:]))
    return Forecast(values.mean(-1), Sample(values))


def _repeat(row: np.ndarray, windows: int, horizon: int) -> np.ndarray:
    """Repeats a row [T] for every window and day ahead: [W, P, T]."""
    return np.broadcast_to(row, (windows, horizon, len(row)))
