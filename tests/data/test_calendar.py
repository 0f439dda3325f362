"""Calendar features and trading days."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.data.calendar import (
    FEATURES,
    compute_calendar_features,
    find_holidays_around,
    find_trading_days_after,
    is_trading_day,
)
from pgat_jax.data.coverage import CALENDAR
from pgat_jax.errors import UserError

DAY = np.timedelta64(1, "D")
CALENDARS = ("nyse", "weekdays", "daily")
dates = st.dates(np.datetime64("1950-01-01").item(), np.datetime64("2090-12-31").item()).map(
    lambda day: np.datetime64(day, "D")
)


def feature(name, *days):
    return compute_calendar_features(np.array(days, "datetime64[D]"))[:, FEATURES.index(name)]


@pytest.mark.parametrize("calendar", CALENDARS)
def test_no_feature_is_dead_on_trading_days(calendar):
    days = find_trading_days_after(np.datetime64("2009-12-31"), 1250, calendar)
    values = compute_calendar_features(days)
    assert values.shape == (1250, len(FEATURES))
    assert (np.abs(values) <= 1.0).all()
    assert (values.std(axis=0) > 0.1).all()
    spread = np.linalg.svd((values - values.mean(axis=0)) / values.std(axis=0), compute_uv=False)
    assert spread[-1] > 1e-6 * spread[0], "one feature is a combination of the others"


def test_features_at_days_whose_values_are_known():
    assert feature("weekday_cos", "2018-12-31", "2018-12-24") == pytest.approx([1.0, 1.0])
    assert feature("month_start", "2018-10-01", "2018-10-04") == pytest.approx([1.0, np.exp(-1)])
    assert feature("month_end", "2018-10-31", "2018-10-28") == pytest.approx([1.0, np.exp(-1)])
    assert feature("quarter_start", "2018-10-01", "2018-10-08") == pytest.approx([1.0, np.exp(-1)])
    assert feature("quarter_end", "2018-12-31", "2018-12-24") == pytest.approx([1.0, np.exp(-1)])
    assert feature("year_position_sin", "2018-01-01", "2018-07-02") == pytest.approx(
        [0, 0], abs=0.01
    )
    assert feature("before_holiday", "2018-11-21") == pytest.approx(np.exp(-0.2))
    assert feature("after_holiday", "2018-11-23") == pytest.approx(np.exp(-0.2))


@given(dates)
def test_features_of_a_day_do_not_depend_on_the_days_beside_it(day):
    many = compute_calendar_features(day + np.arange(-400, 400, 80).astype("timedelta64[D]"))
    assert compute_calendar_features(np.array([day]))[0] == pytest.approx(many[5], abs=1e-12)


def test_nasdaq_traded_on_exactly_the_calendars_days(data):
    first, last = data.table.dates[[0, -1]]
    days = np.arange(first, last + DAY)
    assert np.array_equal(days[is_trading_day(days)], data.table.dates)


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("nyse", ["2018-12-24", "2018-12-26", "2018-12-27"]),
        ("weekdays", ["2018-12-24", "2018-12-25", "2018-12-26"]),
        ("daily", ["2018-12-22", "2018-12-23", "2018-12-24"]),
    ],
)
def test_trading_days_after_a_friday_before_christmas(calendar, expected):
    found = find_trading_days_after(np.datetime64("2018-12-21"), 3, calendar)
    assert found.astype(str).tolist() == expected


@settings(max_examples=30)
@given(dates, st.integers(1, 60), st.sampled_from(CALENDARS))
def test_trading_days_are_all_there_is_after_the_date(date, count, calendar):
    found = find_trading_days_after(date, count, calendar)
    between = np.arange(date + DAY, found[-1] + DAY)
    assert len(found) == count
    assert np.array_equal(between[is_trading_day(between, calendar)], found)


def test_the_longest_closure_since_1999_is_known():
    closed = find_holidays_around(np.array(["2001-09-12"], "datetime64[D]")).astype(str)
    assert {"2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14"} <= set(closed)


def test_trading_days_beyond_the_known_years_are_refused():
    assert find_trading_days_after(CALENDAR.last - DAY, 1)[0] == CALENDAR.last
    with pytest.raises(UserError, match=r"2099-12-30: got .* of 2100-01-04, expected .*2099-12-31"):
        find_trading_days_after(CALENDAR.last - DAY, 2)


def test_features_are_known_to_both_ends():
    assert np.isfinite(compute_calendar_features(np.array([CALENDAR.first, CALENDAR.last]))).all()
