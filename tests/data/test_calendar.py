"""Calendar features and trading days."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.data.calendar import FEATURES, compute_calendar_features
from pgat_jax.data.coverage import CALENDAR
from pgat_jax.data.trading_days import find_trading_days_after

CALENDARS = ("XNYS", "XLON", "XSHG", "24/5", "24/7")
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


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("XNYS", "2018-07-04"),
        ("24/7", "2018-07-04"),
        ("XLON", "2018-08-27"),
        ("XTKS", "2018-01-03"),
    ],
)
def test_holidays_are_those_of_the_exchange(calendar, day):
    features = compute_calendar_features(np.array([day], "datetime64[D]"), calendar)[0]
    assert features[FEATURES.index("after_holiday")] == 1.0
    other = compute_calendar_features(np.array([day], "datetime64[D]"), "XSWX")[0]
    assert other[FEATURES.index("after_holiday")] < 1.0


def test_no_holiday_is_near_where_none_is_known():
    features = compute_calendar_features(np.array(["1990-06-01"], "datetime64[D]"), "XTKS")[0]
    assert features[FEATURES.index("before_holiday")] == 0.0
    assert features[FEATURES.index("after_holiday")] == 0.0


def test_features_are_known_to_both_ends():
    assert np.isfinite(compute_calendar_features(np.array([CALENDAR.first, CALENDAR.last]))).all()
