"""Finds the calendar of a table: the exchange that trades on the days of its rows."""

import logging
from typing import NamedTuple

import numpy as np

from pgat_jax.config import DataConfig
from pgat_jax.data.prices import WHEELS
from pgat_jax.data.table import Table
from pgat_jax.data.trading_days import AUTO, EVERY_DAY, NEW_YORK, WEEKDAYS, is_trading_day
from pgat_jax.output import ONCE

# The calendars that are tried; the first of those that fit equally well is taken.
CANDIDATES = (
    NEW_YORK,
    WEEKDAYS,
    EVERY_DAY,
    *("XLON", "XFRA", "XPAR", "XTKS", "XHKG", "XSHG", "XTSE", "XASX", "XSWX", "XSTO", "XMIL"),
    *("XMAD", "XBOM", "XTAI", "XSES", "BVMF", "XMEX", "XJSE", "XNZE", "XOSL", "XCSE", "XHEL"),
    *("XWAR", "XIST", "XKRX"),
)
# Days at the end of a table that are looked at: three years.
RECENT_DAYS = np.timedelta64(3 * 365, "D")
# The largest share of those days that may differ from a calendar which fits.
LARGEST_SHARE = 0.1
_LOGGER = logging.getLogger(__name__)


class Fit(NamedTuple):
    """How well a calendar fits the last days of a table.

    Attributes:
        calendar: the code of the calendar.
        different: the number of days that are a row but no trading day, or the reverse.
        days: the number of days that were looked at, weekends included.
    """

    calendar: str
    different: int
    days: int


def settle_calendar(config: DataConfig, table: Table) -> DataConfig:
    """Puts the calendar of a table in the place of `auto`, and says which it is.

    Args:
        config: the `data` section of a configuration.
        table: its table.

    Returns:
        The section; unchanged if it names a calendar.
    """
    if config.calendar != AUTO:
        return config
    if table.source in WHEELS:
        return config.model_copy(update={"calendar": NEW_YORK})
    fit = find_calendar(table.dates)
    _LOGGER.info("%s: %s", table.source, describe_fit(fit), extra=ONCE)
    return config.model_copy(update={"calendar": fit.calendar})


def find_calendar(dates: np.ndarray) -> Fit:
    """Finds the calendar with the fewest days that differ from the last rows of a table.

    Args:
        dates: [rows] `datetime64[D]`, increasing.

    Returns:
        The first of the best of `CANDIDATES`. If none fits, `24/7` where a tenth of the rows fall
        on weekends, else `24/5`.
    """
    fits = []
    for calendar in CANDIDATES:
        fits.append(_compare(dates, calendar))
        if not fits[-1].different:
            break
    best = min(fits, key=lambda fit: fit.different)
    if best.different <= LARGEST_SHARE * best.days:
        return best
    is_daily = np.mean(~np.is_busday(dates)) > LARGEST_SHARE
    return _compare(dates, EVERY_DAY if is_daily else WEEKDAYS)


def describe_fit(fit: Fit) -> str:
    """Returns a sentence that names a calendar which was found, and how to name another.

    Args:
        fit: the calendar.
    """
    if fit.different > LARGEST_SHARE * fit.days:
        found = f"taken because the rows fit no exchange's days ({fit.different:,} days of the last"
    elif fit.different:
        found = f"found from the rows ({fit.different:,} days differ of the last"
    else:
        found = "found from the rows (it has exactly those of the last"
    return (
        f"data.calendar={fit.calendar}, {found} {fit.days:,}); XLON, XTKS, 24/5 (weekdays), 24/7 "
        "(every day) and so on name another."
    )


def _compare(dates: np.ndarray, calendar: str) -> Fit:
    first = max(dates[0], dates[-1] - RECENT_DAYS)
    days = np.arange(first, dates[-1] + np.timedelta64(1, "D"))
    different = np.sum(np.isin(days, dates) != is_trading_day(days, calendar))
    return Fit(calendar, int(different), len(days))
