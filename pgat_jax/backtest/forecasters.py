"""The simple forecasters that a back-test compares a model with.

Each is a function of the history and the fit row, and returns a function from origins to their
forecasts. It reads nothing after the fit row, and nothing after an origin but dates.
"""

from collections.abc import Callable

import numpy as np

from pgat_jax.backtest import ewma, gjr
from pgat_jax.backtest.fhs import forecast_fhs, standardise_paths
from pgat_jax.backtest.history import History
from pgat_jax.backtest.joint_forecast import JointForecast, join_days, rank_paths
from pgat_jax.data.har import fit_har, forecast_log_volatility
from pgat_jax.data.splits import Split
from pgat_jax.data.volatility import CLOSE
from pgat_jax.forecasting.baselines import RECENT_DAYS, forecast_recent_days
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.sample import Sample

# From the rows [O] of origins to their forecasts.
Predict = Callable[[np.ndarray], JointForecast]
Fit = Callable[[History, int], Predict]

# Paths whose ranks join the days of forecasters that state single days alone.
JOINED_PATHS = 250
# Paths of a pool: ten years, and four for HAR, whose volatility knows the calendar. The shorter
# pool follows the share of the night in the volatility, which grew.
POOL, HAR_POOL = 2500, 1000


def fit_zero(history: History, fit_row: int) -> Predict:
    """Forecasts a log return of 0 with certainty: prices stay at the last close.

    Args:
        history: the returns.
        fit_row: the last row to fit on; nothing is fitted.

    Returns:
        A function from the rows [O] of origins to their forecasts.
    """
    del fit_row
    shape = (history.horizon, history.returns.shape[1])

    def predict(rows: np.ndarray) -> JointForecast:
        point = np.zeros((len(rows), *shape))
        return JointForecast(point, Sample(point[..., None]), point[:, None])

    return predict


def fit_mean(history: History, fit_row: int) -> Predict:
    """Forecasts the normal distribution of the returns up to the fit row.

    Args:
        history: the returns.
        fit_row: the last row to fit on.

    Returns:
        A function from the rows [O] of origins to their forecasts, which are all the same.
    """
    past, horizon = history.returns[: fit_row + 1], history.horizon
    shape = (1, horizon, past.shape[1])
    mean, scale = (np.broadcast_to(x, shape) for x in (past.mean(0), past.std(0)))
    normal = GaussianMixture(np.ones((*shape, 1)), mean[..., None], scale[..., None])
    ranks = rank_paths(_list_paths(history.returns, fit_row, horizon, JOINED_PATHS))
    paths = join_days(normal, ranks)

    def predict(rows: np.ndarray) -> JointForecast:
        count = len(rows)
        parts = (normal.weights, normal.means, normal.scales)
        whole = GaussianMixture(*(np.repeat(part, count, 0) for part in parts))
        point = np.repeat(mean, count, 0)
        return JointForecast(point, whole, np.broadcast_to(paths, (count, *paths.shape[1:])))

    return predict


def fit_last_250(history: History, fit_row: int) -> Predict:
    """Forecasts the empirical distribution of the last 250 days; skill is measured over it.

    Args:
        history: the returns.
        fit_row: the last row to fit on; nothing is fitted.

    Returns:
        A function from the rows [O] of origins to their forecasts. 250 + P rows must precede each.
    """
    del fit_row
    horizon = history.horizon

    def predict(rows: np.ndarray) -> JointForecast:
        recent = forecast_recent_days(history.returns, rows, horizon)
        starts = rows[:, None] - horizon - np.arange(RECENT_DAYS)
        paths = history.returns[starts[..., None] + 1 + np.arange(horizon)]
        assert recent.distribution is not None
        return JointForecast(recent.point, recent.distribution, paths)

    return predict


def fit_ewma_fhs(history: History, fit_row: int) -> Predict:
    """Fits filtered historical simulation with the exponentially weighted volatility of the close.

    Args:
        history: the returns.
        fit_row: the last row to fit on.

    Returns:
        A function from the rows [O] of origins to their forecasts.
    """
    log_volatility = ewma.forecast_log_volatility(history.returns[:, CLOSE], history.horizon)
    return _simulate(history, log_volatility, fit_row, POOL)


def fit_gjr_fhs(history: History, fit_row: int) -> Predict:
    """Fits filtered historical simulation with the GJR-GARCH volatility of the close.

    Args:
        history: the returns.
        fit_row: the last row to fit on.

    Returns:
        A function from the rows [O] of origins to their forecasts.
    """
    close = history.returns[:, CLOSE]
    fit = gjr.fit_gjr(close[: fit_row + 1])
    log_volatility = gjr.forecast_log_volatility(fit, close, history.horizon)
    return _simulate(history, log_volatility, fit_row, POOL)


def fit_har_fhs(history: History, fit_row: int) -> Predict:
    """Fits filtered historical simulation with the HAR volatility of the four prices.

    Args:
        history: the returns and dates.
        fit_row: the last row to fit on.

    Returns:
        A function from the rows [O] of origins to their forecasts.
    """
    return _simulate(history, forecast_har_volatility(history, fit_row), fit_row, HAR_POOL)


def forecast_har_volatility(history: History, fit_row: int) -> np.ndarray:
    """Fits a HAR, and forecasts the log volatility of the days after every row.

    Args:
        history: the returns and dates.
        fit_row: the last row to fit on.

    Returns:
        [days, P].
    """
    returns, dates = history.returns, history.dates
    har = fit_har(returns, dates, Split(0, fit_row + 1), history.horizon)
    return forecast_log_volatility(har, returns, dates)


def _simulate(history: History, log_volatility: np.ndarray, fit_row: int, pool: int) -> Predict:
    """Returns the filtered historical simulation with a forecast log volatility [days, P]."""
    paths = standardise_paths(history.returns, log_volatility, fit_row, pool)
    return lambda rows: forecast_fhs(paths, log_volatility[rows])


def _list_paths(returns: np.ndarray, fit_row: int, horizon: int, count: int) -> np.ndarray:
    """Returns the last paths [M, P, T] of returns up to a row."""
    flat = np.zeros((len(returns), horizon))
    return standardise_paths(returns, flat, fit_row, count)


# Key of a forecaster in the results -> its fit.
BASELINES: dict[str, Fit] = {
    "zero": fit_zero,
    "mean": fit_mean,
    "last_250": fit_last_250,
    "ewma_fhs": fit_ewma_fhs,
    "gjr_fhs": fit_gjr_fhs,
    "har_fhs": fit_har_fhs,
}
# The baseline that skill is measured over.
REFERENCE = "last_250"
# Key of a forecaster -> its name in tables and pictures.
NAMES = {
    "model": "model",
    "zero": "zero return",
    "mean": "historical mean",
    "last_250": "last 250 days",
    "ewma_fhs": "EWMA-FHS",
    "gjr_fhs": "GJR-FHS",
    "har_fhs": "HAR-FHS",
}
