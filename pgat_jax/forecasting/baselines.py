"""Forecasts that any model must beat, made for the same windows, in scaled units.

Each takes ``targets`` [days, T] (scaled, every row of the table), the windows' last past rows
``rows`` [W] and the horizon P, and reads no row after a window's last past day.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Forecast, GaussianMixture, Sample

RECENT_DAYS = 250


def zero_return(mean: np.ndarray, std: np.ndarray, windows: int, horizon: int) -> Forecast:
    """A log return of 0 (prices stay at the last close); ``mean``, ``std`` [T] of the scaler."""
    return Forecast(_repeat(-mean / std, windows, horizon), None)


def historical_mean(training: np.ndarray, windows: int, horizon: int) -> Forecast:
    """The mean of the ``training`` rows [days, T]; as distribution, their normal."""
    mean = _repeat(training.mean(0), windows, horizon)
    scale = _repeat(training.std(0), windows, horizon)
    normal = GaussianMixture(np.ones((*mean.shape, 1)), mean[..., None], scale[..., None])
    return Forecast(mean, normal)


def recent_days(targets: np.ndarray, rows: np.ndarray, horizon: int) -> Forecast:
    """The empirical distribution, and the mean, of the last 250 days before each forecast.

    Fewer days where the first window has fewer before it.
    """
    count = min(RECENT_DAYS, int(rows.min()) + 1)
    past = targets[rows[:, None] - np.arange(count)]
    values = np.sort(np.moveaxis(past, 1, -1), -1)[:, None]
    values = np.broadcast_to(values, (len(rows), horizon, *values.shape[2:]))
    return Forecast(values.mean(-1), Sample(values))


def _repeat(row: np.ndarray, windows: int, horizon: int) -> np.ndarray:
    return np.broadcast_to(row, (windows, horizon, len(row)))
