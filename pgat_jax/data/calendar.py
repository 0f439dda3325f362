"""Calendar features of real dates, and the days on which a market trades.

Dates are ``datetime64[D]``; all arithmetic is on whole days, in float64, on the host. No feature
is constant on trading days: there is no weekend flag, and what is rare decays smoothly.
"""

from functools import cache
from typing import Literal

import numpy as np

from pgat_jax.errors import UserError

Calendar = Literal["nyse", "weekdays", "daily"]
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
"""The G features, in order. Holidays are New York's in every calendar."""
MONTH_DECAY = 3.0
"""Days after which the nearness of a month's start or end has fallen to 1/e."""
QUARTER_DECAY = 7.0
HOLIDAY_DECAY = 5.0
FIRST, LAST = np.datetime64("1870-01-01"), np.datetime64("2099-12-31")
"""Dates around which holidays are known."""


def calendar_features(dates: np.ndarray) -> np.ndarray:
    """[days, G] float64, each in [-1, 1]; dates from ``FIRST`` to ``LAST``."""
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
            *_holidays_nearby(day, holidays_around(dates).astype(int)),
        ],
        axis=1,
    )


def trading_days_after(date: np.datetime64, count: int, calendar: Calendar = "nyse") -> np.ndarray:
    """The next ``count`` days on which the market trades, ``datetime64[D]``.

    Raises:
        UserError: they lie beyond the date up to which holidays are known.
    """
    later = date.astype("datetime64[D]").astype(int) + np.arange(1, 2 * count + 15)
    days = later.astype("datetime64[D]")
    days = days[is_trading_day(days, calendar)][:count]
    if days[-1] > LAST:
        raise UserError(f"date {date}: the {count} trading days after it are not known ({LAST}).")
    return days


def is_trading_day(dates: np.ndarray, calendar: Calendar = "nyse") -> np.ndarray:
    """Whether the market trades, [days] bool: ``daily`` always, ``weekdays`` Monday to Friday."""
    if calendar == "daily":
        return np.ones(dates.shape, bool)
    weekdays = np.is_busday(dates)
    return weekdays & ~np.isin(dates, holidays_around(dates)) if calendar == "nyse" else weekdays


def holidays_around(dates: np.ndarray) -> np.ndarray:
    """Days on which the New York Stock Exchange is closed, a year more on either side, sorted."""
    years = dates.astype("datetime64[Y]").astype(int) + 1970
    return _holidays(int(years.min()) - 1, int(years.max()) + 1)


@cache
def _holidays(first: int, last: int) -> np.ndarray:
    from holidays.financial.ny_stock_exchange import NYSE

    closed = NYSE(years=range(first, last + 1))
    return np.sort(np.array(list(closed), dtype="datetime64[D]"))


def _circle(turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.sin(2.0 * np.pi * turn), np.cos(2.0 * np.pi * turn)


def _first_day(month: np.ndarray) -> np.ndarray:
    """Months since 1970-01 -> days since 1970-01-01 of their first day."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(int)


def _elapsed(day: np.ndarray, month: np.ndarray, months: int) -> np.ndarray:
    """Share that has passed of the span of ``months`` that begins with ``month``."""
    begin, end = _first_day(month), _first_day(month + months)
    return (day - begin) / (end - begin)


def _edges(day: np.ndarray, month: np.ndarray, months: int, decay: float) -> tuple[np.ndarray, ...]:
    """Nearness of the first and of the last day of a span, 1 on that day."""
    since, until = day - _first_day(month), _first_day(month + months) - 1 - day
    return np.exp(-since / decay), np.exp(-until / decay)


def _holidays_nearby(day: np.ndarray, closed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    since = day - closed[np.searchsorted(closed, day, side="right") - 1]
    until = closed[np.searchsorted(closed, day, side="left")] - day
    return np.exp(-since / HOLIDAY_DECAY), np.exp(-until / HOLIDAY_DECAY)
