"""Computes calendar features of dates.

Dates are `datetime64[D]`; the arithmetic is on whole days, in float64, on the host. No feature is
constant on trading days: there is no weekend flag, and features of rare days decay smoothly.
"""

import numpy as np

from pgat_jax.data.trading_days import NEW_YORK, find_holidays_around

# The G features, in order. Holidays are the exchange's; New York's, if there is none.
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
# Days to a holiday that does not exist, farther than any two dates of a table: its nearness is 0.
_FAR = 1_000_000


def compute_calendar_features(dates: np.ndarray, calendar: str = NEW_YORK) -> np.ndarray:
    """Computes the calendar features of dates.

    Args:
        dates: [days] `datetime64[D]`, within `coverage.CALENDAR`.
        calendar: the days on which the market trades, as in `trading_days.is_trading_day`.

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
            *_holidays_nearby(day, find_holidays_around(dates, calendar).astype(int)),
        ],
        axis=1,
    )


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
    """Returns the nearness of the last and of the next holiday: 1 on that day, 0 without one."""
    closed = np.concatenate([day[:1] - _FAR, closed, day[:1] + _FAR])
    since = day - closed[np.searchsorted(closed, day, side="right") - 1]
    until = closed[np.searchsorted(closed, day, side="left")] - day
    return np.exp(-since / HOLIDAY_DECAY), np.exp(-until / HOLIDAY_DECAY)
