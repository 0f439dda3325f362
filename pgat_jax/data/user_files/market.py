"""Finds the prices of a user's table, from columns of prices, log returns or log prices."""

from collections.abc import Mapping

import numpy as np

from pgat_jax.data.columns import PRICES, TARGETS
from pgat_jax.data.table import compute_log_returns
from pgat_jax.data.user_files.cells import Cells
from pgat_jax.errors import UserError

# Column name -> [days] float64.
Series = dict[str, np.ndarray]
# Largest difference between the returns of a file and those of its prices, rounded to cents.
_AGREEMENT = 5e-4
# Largest logarithm of a price; the squares of such prices do not overflow.
_LARGEST_LOG = 100.0
# Log prices have an autocorrelation near 1, log returns near 0.
_AUTOCORRELATION_OF_PRICES = 0.5


def read_market(
    cells: Cells, own: Mapping[str, np.ndarray], columns: Mapping[str, int]
) -> tuple[np.ndarray, Series, list[str]]:
    """Finds the prices of a file.

    `log_Open` to `log_Close` may be log returns or, where each is near the one before it, log
    prices. Without price columns the prices follow from them.

    Args:
        cells: the file, for error messages.
        own: standard column name -> [days] float64: all four of `PRICES`, all four of `TARGETS`, or
            both; other names are ignored.
        columns: standard column name -> the index of the column, for error messages.

    Returns:
        Prices [days, 4], the log returns that the file states (empty if it states none), and notes
        for the reader.

    Raises:
        UserError: a log High below its log Low, returns that contradict the prices, or logarithms
            that lead to a price above exp(100) or below exp(-100).
    """
    returns = {name: own[name] for name in TARGETS if name in own}
    _check_high_low(cells, columns, returns)
    if not all(name in own for name in PRICES):
        return _prices_from(cells.where, returns)
    prices = np.column_stack([own[name] for name in PRICES])
    if returns and _are_log_prices(returns, prices):
        return prices, {}, ["log_Open..log_Close are log prices: log returns are computed."]
    _check_agreement(cells, columns, returns, prices)
    return prices, returns, []


def _check_high_low(cells: Cells, columns: Mapping[str, int], returns: Series) -> None:
    if not returns:
        return
    high, low = returns["log_High"], returns["log_Low"]
    for i in np.flatnonzero(high < low)[:1]:
        raise cells.refuse(
            columns["log_High"],
            int(i),
            f"got {high[i]:.9g}, expected at least log_Low ({low[i]:.9g})",
        )


def _check_agreement(
    cells: Cells, columns: Mapping[str, int], returns: Series, prices: np.ndarray
) -> None:
    """Refuses log returns that are not those of the prices."""
    for j, (name, stated) in enumerate(returns.items()):
        right = compute_log_returns(prices)[:, j]
        for i in np.flatnonzero(np.abs(stated[1:] - right) > _AGREEMENT)[:1]:
            raise cells.refuse(
                columns[name],
                int(i) + 1,
                f"got {stated[i + 1]:.9g}, expected {right[i]:.9g}, the log return of "
                f"{PRICES[j]} against the previous Close",
            )


def _prices_from(where: str, targets: Series) -> tuple[np.ndarray, Series, list[str]]:
    """Finds prices, log returns and notes for a table that has only log columns."""
    logs = np.column_stack(list(targets.values()))
    if _autocorrelation(logs[:, 3]) > _AUTOCORRELATION_OF_PRICES:
        note = "log_Open..log_Close are log prices (each is near the one before it)."
        return _exponential(where, logs), {}, [note]
    close = np.concatenate([[0.0], np.cumsum(logs[:-1, 3])])
    note = "no prices: levels follow from the log returns, the close before the first row being 1."
    return _exponential(where, logs + close[:, None]), targets, [note]


def _exponential(where: str, logs: np.ndarray) -> np.ndarray:
    if np.abs(logs).max() > _LARGEST_LOG:
        raise UserError(
            f"{where}, columns log_Open to log_Close: they lead to a price of "
            f"exp({logs.flat[np.abs(logs).argmax()]:.4g}): expected natural logarithms of daily "
            "returns, or of prices."
        )
    return np.exp(logs)


def _are_log_prices(targets: Series, prices: np.ndarray) -> bool:
    return np.allclose(np.column_stack(list(targets.values())), np.log(prices), atol=_AGREEMENT)


def _autocorrelation(series: np.ndarray) -> float:
    """Returns the autocorrelation at a lag of one row; 0 for a constant series."""
    away = series - series.mean()
    return float(away[1:] @ away[:-1] / max(away @ away, np.finfo(float).tiny))
