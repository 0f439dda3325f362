"""Looks up exchanges and their trading days in `exchange_calendars`, which takes time to import."""

import warnings

import numpy as np
from exchange_calendars import (
    ExchangeCalendar,
    get_calendar,
    get_calendar_names,
    resolve_alias,
)
from exchange_calendars.errors import InvalidCalendarName

from pgat_jax.errors import UserError

# A range that every calendar knows, to ask it for the range that it knows.
KNOWN_YEAR = np.datetime64("2024-01-01"), np.datetime64("2024-12-31")


def resolve_exchange(name: str) -> tuple[str | None, list[str]]:
    """Returns the code of an exchange, and the codes of all.

    Args:
        name: a code or an alias, such as XLON or LSE, in upper or lower case.

    Returns:
        The code, None if there is no such exchange; the codes, sorted.
    """
    codes = sorted(get_calendar_names(include_aliases=False))
    for form in (name, name.upper()):
        try:
            return resolve_alias(form), codes
        except InvalidCalendarName:
            continue
    return None, codes


def find_sessions(
    code: str, first: np.datetime64, last: np.datetime64
) -> tuple[np.ndarray, np.datetime64, np.datetime64]:
    """Returns the days on which an exchange trades, of those that are known.

    Args:
        code: the code of the exchange.
        first: the first date.
        last: the last date.

    Returns:
        The days, `datetime64[D]`, increasing; the first and the last date of the range that are
        known. No day is returned if the range has no known date.

    Raises:
        UserError: the library cannot compute the exchange's days.
    """
    try:
        return _list_sessions(code, first, last), first, last
    except ValueError:  # a part of the range is not known
        first, last = _clip(code, first, last)
    if first > last:
        return np.array([], "datetime64[D]"), first, last
    try:
        return _list_sessions(code, first, last), first, last
    except ValueError as error:
        raise UserError(_write_problem(code, error)) from None


def _list_sessions(code: str, first: np.datetime64, last: np.datetime64) -> np.ndarray:
    """Returns the sessions of a range; ValueError if a part of it is not known."""
    return _make_calendar(code, first, last).sessions.to_numpy().astype("datetime64[D]")


def _clip(
    code: str, first: np.datetime64, last: np.datetime64
) -> tuple[np.datetime64, np.datetime64]:
    """Returns the part of a range that an exchange's calendar knows."""
    try:
        calendar = _make_calendar(code, *KNOWN_YEAR)
    except ValueError as error:
        raise UserError(_write_problem(code, error)) from None
    low, high = calendar.bound_min(), calendar.bound_max()
    return (
        first if low is None else max(first, np.datetime64(low, "D")),
        last if high is None else min(last, np.datetime64(high, "D")),
    )


def _make_calendar(code: str, first: np.datetime64, last: np.datetime64) -> ExchangeCalendar:
    try:
        with warnings.catch_warnings():  # of pandas, about what the library calls
            warnings.simplefilter("ignore", DeprecationWarning)
            return get_calendar(code, start=str(first), end=str(last))
    except NotImplementedError as error:  # a calendar that the version of pandas breaks
        raise UserError(_write_problem(code, error)) from None


def _write_problem(code: str, error: Exception) -> str:
    return (
        f"data.calendar={code}: exchange_calendars cannot compute its days "
        f"({str(error).split('.')[0]:.80}); data.calendar=24/5 takes Monday to Friday."
    )
