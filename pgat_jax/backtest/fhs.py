"""Filtered historical simulation: past standardised returns, times the volatility of today.

After Barone-Adesi, Giannopoulos and Vosper (1999). The vectors of Open, High, Low and Close of past
days are divided by the volatility that was forecast for their day, and multiplied by the one
forecast now. High and Low then contain Open and Close by construction. Paths of P days stay whole.
"""

import numpy as np

from pgat_jax.backtest.joint_forecast import JointForecast
from pgat_jax.forecasting.sample import Sample


def standardise_paths(
    returns: np.ndarray, log_volatility: np.ndarray, fit_row: int, pool: int
) -> np.ndarray:
    """Divides the last paths of P days by the volatility that was forecast for each day.

    Args:
        returns: log returns [days, T].
        log_volatility: [days, P] the log volatility of day t + h that is forecast on day t.
        fit_row: the last row that may be read, at least P.
        pool: the number of paths, M; fewer if there are not as many up to the fit row.

    Returns:
        The standardised paths [M, P, T].
    """
    horizon = log_volatility.shape[1]
    origins = np.arange(max(0, fit_row - horizon + 1 - pool), fit_row - horizon + 1)
    days = origins[:, None] + 1 + np.arange(horizon)
    return returns[days] / np.exp(log_volatility[origins])[..., None]


def forecast_fhs(paths: np.ndarray, log_volatility: np.ndarray) -> JointForecast:
    """Forecasts standardised paths times forecast volatilities.

    Args:
        paths: standardised paths [M, P, T].
        log_volatility: the forecast log volatilities [O, P].

    Returns:
        The forecasts from O origins; the M paths are equally likely.
    """
    scale = np.exp(log_volatility)[..., None]
    ordered = np.sort(np.moveaxis(paths, 0, -1), -1)
    sample = Sample(ordered * scale[..., None])
    return JointForecast(paths.mean(0) * scale, sample, paths * scale[:, None])
