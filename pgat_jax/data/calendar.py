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
LAST_YEAR = 2100
_DAY = np.timedelta64(1, "D")


def calendar_features(dates: np.ndarray) -> np.ndarray:
    """[days, G] float64, each in [-1, 1]."""
    days = dates.astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    month = months.astype(int) % 12
    quarters = months - month % 3
    weekday = (days.astype(int) + 3) % 7 / 7.0
    return np.stack(
        [
            *_circle(weekday),
            *_circle(2.0 * weekday),
            *_circle(_elapsed(days, months, 1)),
            *_circle(month / 12.0),
            *_circle(month // 3 / 4.0),
            *_circle(_elapsed(days, years, 1)),
            *_edges(days, months, 1, MONTH_DECAY),
            *_edges(days, quarters, 3, QUARTER_DECAY),
            *_holidays_nearby(days),
        ],
        axis=1,
    )


def trading_days_after(date: np.datetime64, count: int, calendar: Calendar = "nyse") -> np.ndarray:
    """The next ``count`` days on which the market trades, ``datetime64[D]``.

    Raises:
        UserError: they lie beyond the year up to which holidays are known.
    """
    first = date.astype("datetime64[D]") + _DAY
    days = first + np.arange(2 * count + 14)
    days = days[is_trading_day(days, calendar)][:count]
    if days[-1] > np.datetime64(f"{LAST_YEAR}-12-31"):
        raise UserError(f"date {date}: trading days are known up to the year {LAST_YEAR}.")
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


def _elapsed(days: np.ndarray, spans: np.ndarray, units: int) -> np.ndarray:
    """Share of the month or year that has passed."""
    begin, end = spans.astype("datetime64[D]"), (spans + units).astype("datetime64[D]")
    return (days - begin) / (end - begin)


def _edges(days, spans, units: int, decay: float) -> tuple[np.ndarray, np.ndarray]:
    """Nearness of the first and of the last day of a span, 1 on that day."""
    since = (days - spans.astype("datetime64[D]")) / _DAY
    until = ((spans + units).astype("datetime64[D]") - _DAY - days) / _DAY
    return np.exp(-since / decay), np.exp(-until / decay)


def _holidays_nearby(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    closed = holidays_around(days)
    since = (days - closed[np.searchsorted(closed, days, side="right") - 1]) / _DAY
    until = (closed[np.searchsorted(closed, days, side="left")] - days) / _DAY
    return np.exp(-since / HOLIDAY_DECAY), np.exp(-until / HOLIDAY_DECAY)
