"""Prepares returns for the linear forecaster: per year a HAR, its residuals and the FHS pool."""

from typing import NamedTuple

import numpy as np

from pgat_jax.backtest.fhs import standardise_paths
from pgat_jax.backtest.forecasters import HAR_POOL, forecast_har_volatility
from pgat_jax.backtest.history import History
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.ruler import find_unit
from pgat_jax.data.har import SPANS
from pgat_jax.data.volatility import compute_log_volatility
from pgat_jax.sky_test.sky_crps import TabulatedPool

# The first day whose volatility is forecast from a whole quarter.
FIRST_DAY = SPANS[-1]


class ResidualBlock(NamedTuple):
    """What the forecasts of one year start from.

    Attributes:
        rows: the origins [O].
        residuals: [days, T + 1] of the days from row 66 (`FIRST_DAY`) to the fit row, as far as no
            sky explains them: returns divided by the volatility that was forecast for their day,
            and the log volatility less its forecast; each less its mean.
        scale: [O, P] the forecast volatility of each day ahead.
        truth: [O, P, T] the standardised returns that came true.
        pools: `pools[h][t]` for each day ahead h and target t: the standardised past returns.
        unit: [T] the log return that one unit of the scores is.
    """

    rows: np.ndarray
    residuals: np.ndarray
    scale: np.ndarray
    truth: np.ndarray
    pools: list[list[TabulatedPool]]
    unit: np.ndarray


def prepare_block(history: History, block: Block) -> ResidualBlock:
    """Fits a HAR up to the fit row of a year, and standardises returns by its forecasts.

    Args:
        history: the returns and dates.
        block: the origins and the fit row.
    """
    log_volatility = forecast_har_volatility(history, block.fit_row)
    paths = standardise_paths(history.returns, log_volatility, block.fit_row, HAR_POOL)
    scale = np.exp(log_volatility[block.rows])
    return ResidualBlock(
        block.rows,
        find_residuals(history.returns[: block.fit_row + 1], log_volatility[:, 0]),
        scale,
        history.find_truth(block.rows) / scale[..., None],
        [
            [TabulatedPool(paths[:, h, t]) for t in range(paths.shape[2])]
            for h in range(scale.shape[1])
        ],
        find_unit(history.returns),
    )


def find_residuals(returns: np.ndarray, next_log_volatility: np.ndarray) -> np.ndarray:
    """Computes the residuals of each day, standardised by the forecast of the day before.

    Args:
        returns: log returns [days, T] up to the fit row.
        next_log_volatility: [days] or more: the log volatility of the next day, forecast on a day.

    Returns:
        [days - 66, T + 1], from row 66 (`FIRST_DAY`) on: the returns divided by the forecast
        volatility, then the log volatility less its forecast; each column less its mean.
    """
    days = np.arange(FIRST_DAY, len(returns))
    forecast = next_log_volatility[days - 1]
    standardised = returns[days] * np.exp(-forecast)[:, None]
    surprise = compute_log_volatility(returns)[days] - forecast
    residuals = np.column_stack([standardised, surprise])
    return residuals - residuals.mean(0)
