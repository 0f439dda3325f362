"""The units of `data.volatility`: returns divided by the volatility that was forecast for them.

It turns the values of a table into the model's inputs, and keeps what `windows.gather` needs for
the targets, whose unit depends on the day of the forecast.
"""

from typing import NamedTuple

import numpy as np

from pgat_jax.data.columns import ERROR_HALF_LIVES, TARGETS
from pgat_jax.data.har import Har, append_trading_days, forecast_log_volatility
from pgat_jax.data.volatility import compute_log_volatility, smooth


class ResidualUnits(NamedTuple):
    """The values of a table in residual units.

    Attributes:
        values: [days, V + 6] the values, unscaled: each target divided by the volatility that was
            forecast for its day at the close before; the log volatility of the day; the error of
            its forecast, smoothed with each of `ERROR_HALF_LIVES`; its forecast at the close
            before; the other columns. No row precedes the first, so it uses the forecast that was
            made at its own close.
        log_forecast: [days, P] the log volatility of the P days after each row, as forecast there.
    """

    values: np.ndarray
    log_forecast: np.ndarray


def convert_to_residuals(
    values: np.ndarray, dates: np.ndarray, har: Har, calendar: str
) -> ResidualUnits:
    """Divides the targets of a table by the forecast volatility, and adds the columns `VOLATILITY`.

    Args:
        values: [days, V] the values of a table, unscaled; the targets of unknown days are NaN.
        dates: [days] `datetime64[D]`.
        har: the fitted coefficients.
        calendar: the days on which the market trades, for the days after the last row.
    """
    count = len(TARGETS)
    returns = values[:, :count]
    days = append_trading_days(dates, har.horizon, calendar)
    log_forecast = forecast_log_volatility(har, returns, days)
    own = np.concatenate([log_forecast[:1, 0], log_forecast[:-1, 0]])
    log_volatility = compute_log_volatility(returns)
    errors = [smooth(log_volatility - own, days) for days in ERROR_HALF_LIVES]
    residuals = returns * np.exp(-own)[:, None]
    parts = [residuals, log_volatility, *errors, own, values[:, count:]]
    return ResidualUnits(np.column_stack(parts), log_forecast)
