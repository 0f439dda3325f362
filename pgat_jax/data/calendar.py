"""Computes calendar features of dates, and the days on which a market trades.

Dates are `datetime64[D]`; the arithmetic is on whole days, in float64, on the host. No feature is
constant on trading days: there is no weekend flag, and features of rare days decay smoothly.
"""

from functools import cache
from typing import Literal

import numpy as np
from holidays.financial.ny_stock_exchange import NYSE

from pgat_jax.data.coverage import CALENDAR
from pgat_jax.errors import UserError

Calendar = Literal["nyse", "weekdays", "daily"]
# The G features, in order. Holidays are New York's in every calendar.
FEATURES = (
    "weekday_sin",
    "weekday_cos",
    "weekday_sin2",
    "weekday_cos2",
    "month_day_sin",
    "month_day_cos",
    "month_sin",
    "month_cos",
    "quarter_sin",
    "quarter_cos",
    "year_position_sin",
    "year_position_cos",
    "month_start",
    "month_end",
    "quarter_start",
    "quarter_end",
    "after_holiday",
    "before_holiday",
)
# Days after which the nearness of the start or end of a month, of a quarter, or of a holiday, has
# fallen to 1/e.
MONTH_DECAY = 3.0
QUARTER_DECAY = 7.0
HOLIDAY_DECAY = 5.0


def compute_calendar_features(dates: np.ndarray) -> np.ndarray:
    """Computes the calendar features of dates.

    Args:
        dates: [days] `datetime64[D]`, within `coverage.CALENDAR`.

    Returns:
        [days, G] float64, each in [-1, 1]: the G = 18 features that `FEATURES` names, in its order.
    """
    day, month = (dates.astype(f"datetime64[{unit}]").astype(int) for unit in "DM")
    quarter, year = month - month % 3, month - month % 12
    weekday = (day + 3) % 7 / 7.0
    return np.stack(
        [
            *_circle(weekday),
            *_circle(2.0 * weekday),
            *_circle(_elapsed(day, month, 1)),
            *_circle(month % 12 / 12.0),
            *_circle(month % 12 // 3 / 4.0),
            *_circle(_elapsed(day, year, 12)),
            *_edges(day, month, 1, MONTH_DECAY),
            *_edges(day, quarter, 3, QUARTER_DECAY),
            *_holidays_nearby(day, find_holidays_around(dates).astype(int)),
        ],
        axis=1,
    )


def find_trading_days_after(
    date: np.datetime64, count: int, calendar: Calendar = "nyse"
) -> np.ndarray:
    """Returns the next days on which the market trades.

    Args:
        date: the day before the first that may be returned.
        count: the number of days, at least 1.
        calendar: the days on which the market trades, as in `is_trading_day`.

    Returns:
        [count] `datetime64[D]`, increasing.

    Raises:
        UserError: a day lies beyond 2099-12-31, the last date around which holidays are known.
    """
    later = date.astype("datetime64[D]").astype(int) + np.arange(1, 2 * count + 15)
    days = later.astype("datetime64[D]")
    days = days[is_trading_day(days, calendar)][:count]
    if days[-1] > CALENDAR.last:
        raise UserError(
            f"date {date}: got a last day to predict of {days[-1]}, expected one up to "
            f"{CALENDAR.last}, around which holidays are known: forecast from an earlier date."
        )
    return days


def is_trading_day(dates: np.ndarray, calendar: Calendar = "nyse") -> np.ndarray:
    """Returns for each date whether the market trades on it.

    Args:
        dates: [days] `datetime64[D]`.
        calendar: `nyse` for the New York Stock Exchange, `weekdays` for Monday to Friday, `daily`
            for every day.

    Returns:
        [days] bool.
    """
    if calendar == "daily":
        return np.ones(dates.shape, bool)
    weekdays = np.is_busday(dates)
    return (
        weekdays & ~np.isin(dates, find_holidays_around(dates)) if calendar == "nyse" else weekdays
    )


def find_holidays_around(dates: np.ndarray) -> np.ndarray:
    """Returns the weekdays on which the New York Stock Exchange is closed, around dates.

    Args:
        dates: [days] `datetime64[D]`, at least one.

    Returns:
        [holidays] `datetime64[D]`, sorted: those of all calendar years from the one before the
        first date to the one after the last.
    """
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    return _holidays(int(years.min()) - 1, int(years.max()) + 1)


@cache
def _holidays(first: int, last: int) -> np.ndarray:
    closed = NYSE(years=range(first, last + 1))
    return np.sort(np.array(list(closed), dtype="datetime64[D]"))


def _circle(turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.sin(2.0 * np.pi * turn), np.cos(2.0 * np.pi * turn)


def _first_day(month: np.ndarray) -> np.ndarray:
    """Converts months since 1970-01 to the days since 1970-01-01 of their first day."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(int)


def _elapsed(day: np.ndarray, month: np.ndarray, months: int) -> np.ndarray:
    """Returns the share that has passed of the span of `months` that begins with `month`."""
    begin, end = _first_day(month), _first_day(month + months)
    return (day - begin) / (end - begin)


def _edges(day: np.ndarray, month: np.ndarray, months: int, decay: float) -> tuple[np.ndarray, ...]:
    """Returns the nearness of the first and of the last day of a span: 1 on that day."""
    since, until = day - _first_day(month), _first_day(month + months) - 1 - day
    return np.exp(-since / decay), np.exp(-until / decay)


def _holidays_nearby(day: np.ndarray, closed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    since = day - closed[np.searchsorted(closed, day, side="right") - 1]
    until = closed[np.searchsorted(closed, day, side="left")] - day
    return np.exp(-since / HOLIDAY_DECAY), np.exp(-until / HOLIDAY_DECAY)
