"""The days on which markets trade."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.data import trading_days
from pgat_jax.data.coverage import CALENDAR
from pgat_jax.data.trading_days import (
    find_holidays_around,
    find_trading_days_after,
    is_trading_day,
    name_calendar,
)
from pgat_jax.errors import UserError

DAY = np.timedelta64(1, "D")
CALENDARS = ("XNYS", "XLON", "24/5", "24/7")
dates = st.dates(np.datetime64("1950-01-01").item(), np.datetime64("2090-12-31").item()).map(
    lambda day: np.datetime64(day, "D")
)


def days_of(first, last):
    return np.arange(np.datetime64(first), np.datetime64(last) + DAY)


def test_nasdaq_traded_on_exactly_the_calendars_days(data):
    days = days_of(*data.table.dates[[0, -1]])
    assert np.array_equal(days[is_trading_day(days)], data.table.dates)


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("XNYS", ["2018-12-24", "2018-12-26", "2018-12-27"]),
        ("XLON", ["2018-12-24", "2018-12-27", "2018-12-28"]),
        ("XTKS", ["2018-12-25", "2018-12-26", "2018-12-27"]),
        ("24/5", ["2018-12-24", "2018-12-25", "2018-12-26"]),
        ("24/7", ["2018-12-22", "2018-12-23", "2018-12-24"]),
    ],
)
def test_trading_days_after_a_friday_before_christmas(calendar, expected):
    found = find_trading_days_after(np.datetime64("2018-12-21"), 3, calendar)
    assert found.astype(str).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(dates, st.integers(1, 60), st.sampled_from(CALENDARS))
def test_trading_days_are_all_there_is_after_the_date(date, count, calendar):
    found = find_trading_days_after(date, count, calendar)
    between = days_of(date + DAY, found[-1])
    assert len(found) == count
    assert np.array_equal(between[is_trading_day(between, calendar)], found)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("nyse", "XNYS"),
        ("weekdays", "24/5"),
        ("daily", "24/7"),
        ("LSE", "XLON"),
        ("xtks", "XTKS"),
        ("us_futures", "us_futures"),
    ],
)
def test_aliases_and_former_names_mean_a_code(given, code):
    assert name_calendar(given) == code


def test_an_unknown_calendar_is_refused_with_the_known_ones():
    with pytest.raises(
        UserError, match=r"data.calendar=XLOM: unknown, did you mean XLON\? exp"
    ) as e:
        is_trading_day(days_of("2018-01-01", "2018-01-02"), "XLOM")
    assert "24/7 (every day)" in str(e.value) and "XTKS" in str(e.value)


def test_a_week_may_begin_on_sunday():
    days = days_of("2024-06-02", "2024-06-08")  # Sunday to Saturday
    assert is_trading_day(days, "XSAU").tolist() == [True] * 5 + [False] * 2
    holidays = find_holidays_around(days, "XSAU")
    assert np.datetime64("2024-06-16") in holidays and np.datetime64("2024-06-07") not in holidays


def test_weekdays_stand_for_days_that_an_exchange_does_not_know_and_a_warning_says_so(caplog):
    trading_days._warn_of_end.cache_clear()
    with caplog.at_level(logging.WARNING):
        found = [find_trading_days_after(np.datetime64("2060-12-29"), 3, "XHKG") for _ in "ab"]
    assert found[0].astype(str).tolist() == ["2060-12-30", "2060-12-31", "2061-01-03"]
    assert [r.message[:47] for r in caplog.records] == [
        "The days of XHKG are known up to 2049-12-31: ev"
    ]
    early = days_of("1990-01-01", "1990-01-07")
    assert is_trading_day(early, "XTKS").tolist() == [True] * 5 + [False] * 2
    assert len(find_holidays_around(early, "XTKS")) == 0


def test_days_are_found_after_the_longest_closure():
    found = find_trading_days_after(np.datetime64("1914-07-30"), 2).astype(str)
    assert found.tolist() == ["1914-11-30", "1914-12-01"]


def test_the_longest_closure_since_1999_is_known():
    closed = find_holidays_around(np.array(["2001-09-12"], "datetime64[D]")).astype(str)
    assert {"2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14"} <= set(closed)


def test_trading_days_beyond_the_known_years_are_refused():
    assert find_trading_days_after(CALENDAR.last - DAY, 1)[0] == CALENDAR.last
    with pytest.raises(UserError, match=r"2099-12-30: got .* of 2100-01-04, expected .*2099-12-31"):
        find_trading_days_after(CALENDAR.last - DAY, 2)
