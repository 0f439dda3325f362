"""The protocol of a back-test: the days from which it forecasts, and when forecasters are fitted.

Origins are daily, and each year is one block. A forecaster is fitted on the days up to the fit row
of the block: the first origin of all, or, if it is refitted, the first origin of the year. The last
target of a fit is the return of the fit row itself, so that the last P origins before it are left
out of the fit and no day that is forecast is fitted to (the embargo).
"""

from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from pgat_jax.errors import UserError

Refit = Literal["never", "yearly"]
# The origins of a table that has them all; ten years.
FIRST, LAST = np.datetime64("2009-01-02"), np.datetime64("2018-12-14")
# Days before the first origin that a fit needs: two years.
LEAST_PAST = 500


class Block(NamedTuple):
    """The origins of one year.

    Attributes:
        year: the calendar year.
        rows: the rows [O] of the origins, the last days that a forecast may read.
        fit_row: the last row that a forecaster is fitted on.
    """

    year: int
    rows: np.ndarray
    fit_row: int


def plan_blocks(rows: np.ndarray, dates: np.ndarray, refit: Refit) -> tuple[Block, ...]:
    """Splits origins into years.

    Args:
        rows: the rows of the origins, increasing.
        dates: [days] `datetime64[D]`.
        refit: `never` fits once, at the first origin; `yearly` at the first origin of each year.

    Returns:
        A block for each year that has origins, in order.
    """
    years = dates[rows].astype("datetime64[Y]").astype(int) + 1970
    parts = [(int(year), rows[years == year]) for year in np.unique(years)]
    return tuple(
        Block(year, own, int(own[0] if refit == "yearly" else rows[0])) for year, own in parts
    )


def find_origins(
    dates: np.ndarray,
    horizon: int,
    first: date | None = None,
    last: date | None = None,
    step: int = 1,
) -> np.ndarray:
    """Returns the rows [O] of the origins, increasing.

    Args:
        dates: [days] `datetime64[D]`, the days of the table, more than `horizon`.
        horizon: P, the days ahead; an origin has P rows after it.
        first: the first origin, or a day before it; by default 2009-01-02, or the middle of a table
            that does not cover 2009 to 2018 with 500 days before.
        last: the last origin, or a day after it; by default 2018-12-14, or the last day of such a
            table with P days after it.
        step: every `step`-th day is an origin.

    Raises:
        UserError: there is no origin, or there are fewer than 500 days before the first.
    """
    is_default = np.searchsorted(dates, FIRST) >= LEAST_PAST and dates[-1 - horizon] >= LAST
    end = len(dates) - 1 - horizon
    start = int(np.searchsorted(dates, FIRST)) if is_default else max(LEAST_PAST, len(dates) // 2)
    stop = int(np.searchsorted(dates, LAST, "right")) if is_default else end + 1
    if first is not None:
        start = int(np.searchsorted(dates, np.datetime64(first)))
    if last is not None:
        stop = min(int(np.searchsorted(dates, np.datetime64(last), "right")), end + 1)
    if start < LEAST_PAST:
        raise UserError(
            f"--from: got a first origin with {start} days before it, expected at least "
            f"{LEAST_PAST}, on which the forecasters are fitted: take a day from "
            f"{dates[min(LEAST_PAST, len(dates) - 1)]} on, or a longer table."
        )
    if stop <= start:
        raise UserError(
            f"--from, --to: got no origin, expected a day of the table from {dates[LEAST_PAST]} "
            f"to {dates[end]}, which has {horizon} days after it."
        )
    return np.arange(start, stop, step)
