"""Says on which days a market trades: exchanges by their codes, weekdays, or every day.

Codes are those of `exchange_calendars` (ISO 10383, such as XNYS, XLON, XTKS). New York's days come
from `holidays`, which knows its closures since 1870; `exchange_calendars` knows them since 1970,
and has the same days from there on.
"""

import logging
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

import numpy as np
from holidays.financial.ny_stock_exchange import NYSE

from pgat_jax.data.coverage import CALENDAR
from pgat_jax.data.on_demand import find_sessions, resolve_exchange
from pgat_jax.errors import UserError

# The value of `data.calendar` for which `find_calendar` finds the calendar.
AUTO = "auto"
NEW_YORK = "XNYS"
# Monday to Friday, and every day.
WEEKDAYS, EVERY_DAY = "24/5", "24/7"
# What these were called in the configurations of runs that were made before.
FORMER = {"nyse": NEW_YORK, "weekdays": WEEKDAYS, "daily": EVERY_DAY}
# Days in which an exchange trades at least once: New York was closed from July to December 1914.
LONGEST_CLOSURE = 150
_DAY = np.timedelta64(1, "D")
_LOGGER = logging.getLogger(__name__)


class Sessions(NamedTuple):
    """The days on which an exchange trades, within the dates for which they are known.

    Attributes:
        days: [sessions] `datetime64[D]`, increasing.
        first: the first date that is known.
        last: the last date that is known.
    """

    days: np.ndarray
    first: np.datetime64
    last: np.datetime64


@cache
def name_calendar(calendar: str) -> str:
    """Returns the code of a calendar: XNYS for NYSE, for example.

    Args:
        calendar: a value of `data.calendar` other than `auto`.

    Raises:
        UserError: there is no such calendar.
    """
    name = FORMER.get(calendar, calendar)
    if name in (NEW_YORK, WEEKDAYS, EVERY_DAY):
        return name
    code, codes = resolve_exchange(name)
    if code is None:
        close = get_close_matches(name.upper(), codes, 1)
        hint = f", did you mean {close[0]}?" if close else ","
        raise UserError(
            f"data.calendar={calendar}: unknown{hint} expected auto, 24/7 (every day), 24/5 "
            f"(Monday to Friday) or one of {', '.join(codes)}."
        )
    return code


def find_trading_days_after(
    date: np.datetime64, count: int, calendar: str = NEW_YORK
) -> np.ndarray:
    """Returns the next days on which the market trades.

    After the last date for which the exchange's days are known, every weekday counts, and a
    warning says so once.

    Args:
        date: the day before the first that may be returned.
        count: the number of days, at least 1.
        calendar: the days on which the market trades, as in `is_trading_day`.

    Returns:
        [count] `datetime64[D]`, increasing.

    Raises:
        UserError: a day lies beyond 2099-12-31, the last date around which holidays are known.
    """
    later = date.astype("datetime64[D]").astype(int) + np.arange(1, 2 * count + LONGEST_CLOSURE)
    days = later.astype("datetime64[D]")
    days = days[is_trading_day(days, calendar)][:count]
    if days[-1] > CALENDAR.last:
        raise UserError(
            f"date {date}: got a last day to predict of {days[-1]}, expected one up to "
            f"{CALENDAR.last}, around which holidays are known: forecast from an earlier date."
        )
    if _has_sessions(calendar) and days[-1] > (last := _list_sessions_around(days, calendar).last):
        _warn_of_end(name_calendar(calendar), last)
    return days


def is_trading_day(dates: np.ndarray, calendar: str = NEW_YORK) -> np.ndarray:
    """Returns for each date whether the market trades on it.

    Where the days of an exchange are not known, every weekday counts.

    Args:
        dates: [days] `datetime64[D]`, at least one.
        calendar: the code or alias of an exchange, `24/5` for Monday to Friday, or `24/7` for every
            day.

    Returns:
        [days] bool.
    """
    name = name_calendar(calendar)
    if name == EVERY_DAY:
        return np.ones(dates.shape, bool)
    weekdays = np.is_busday(dates)
    if name == WEEKDAYS:
        return weekdays
    if name == NEW_YORK:
        return weekdays & ~np.isin(dates, find_holidays_around(dates))
    known = _list_sessions_around(dates, name)
    is_known = (dates >= known.first) & (dates <= known.last)
    return np.where(is_known, np.isin(dates, known.days), weekdays)


def find_holidays_around(dates: np.ndarray, calendar: str = NEW_YORK) -> np.ndarray:
    """Returns the days of its week on which an exchange is closed, around dates.

    Args:
        dates: [days] `datetime64[D]`, at least one.
        calendar: as in `is_trading_day`; New York's holidays stand for those of `24/5` and `24/7`,
            which have none.

    Returns:
        [holidays] `datetime64[D]`, sorted: those of all calendar years from the one before the
        first date to the one after the last, as far as they are known.
    """
    if not _has_sessions(calendar):
        return _list_new_york_holidays(*_find_years(dates))
    known = _list_sessions_around(dates, calendar)
    days = np.arange(known.first, known.last + _DAY)
    week = np.unique(_find_weekdays(known.days))
    return np.setdiff1d(days[np.isin(_find_weekdays(days), week)], known.days)


def _has_sessions(calendar: str) -> bool:
    """Returns whether the days of a calendar are looked up in `exchange_calendars`."""
    return name_calendar(calendar) not in (NEW_YORK, WEEKDAYS, EVERY_DAY)


def _find_years(dates: np.ndarray) -> tuple[int, int]:
    """Returns the year before the first date, and the one after the last."""
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    return int(years.min()) - 1, int(years.max()) + 1


def _find_weekdays(days: np.ndarray) -> np.ndarray:
    return (days.astype(int) + 3) % 7


def _list_sessions_around(dates: np.ndarray, calendar: str) -> Sessions:
    return _list_sessions(name_calendar(calendar), *_find_years(dates))


@cache
def _list_sessions(name: str, first: int, last: int) -> Sessions:
    """Returns the sessions of an exchange in some years, as far as they are known."""
    begin, end = np.datetime64(f"{first}-01-01"), np.datetime64(f"{last}-12-31")
    return Sessions(*find_sessions(name, begin, end))


@cache
def _list_new_york_holidays(first: int, last: int) -> np.ndarray:
    closed = NYSE(years=range(first, last + 1))
    return np.sort(np.array(list(closed), dtype="datetime64[D]"))


@cache
def _warn_of_end(name: str, last: np.datetime64) -> None:
    _LOGGER.warning(
        "The days of %s are known up to %s: every weekday after it is taken for a trading day "
        "(a newer exchange_calendars knows more).",
        name,
        last,
    )
