"""Times of day that would put a row on another day are refused."""

import numpy as np
import pytest

from pgat_jax.data.user_files.clocks import check_clock, check_epoch, read_epoch
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells

WEEK = np.arange("2018-06-25", "2018-06-30", dtype="datetime64[D]")  # Monday to Friday
HOUR = 3600.0


def check(days, hours):
    cells = make_cells(Date=["x"] * len(days))
    check_clock(cells, 0, days, np.full(len(days), hours * HOUR), "pd.to_datetime(df['Date']")


@pytest.mark.parametrize("hours", [0, 5, 14.5, 16, 21, 23])
def test_any_time_of_weekdays_is_their_own(hours):
    check(WEEK, hours)


@pytest.mark.parametrize("hours", [0, 1, 9, 23.95])
def test_midnights_and_ends_of_days_are_their_own_on_weekends(hours):
    check(np.arange("2018-06-25", "2018-07-09", dtype="datetime64[D]"), hours)


@pytest.mark.parametrize("hours", [11, 13, 15, 18.5, 22, 23])
def test_late_times_of_a_sunday_may_be_the_monday(hours):
    with pytest.raises(UserError, match=r"got 2018-06-24 .*, a weekend: perhaps midnight of"):
        check(WEEK - 1, hours)


def test_early_times_of_saturdays_without_mondays_may_be_the_friday():
    with pytest.raises(UserError, match=r"got 2018-06-30 01:00, a weekend"):
        check(WEEK + 1, 1)


@pytest.mark.parametrize(
    ("value", "unit"),
    [(1.53e9, "seconds"), (1.53e12, "milliseconds"), (1.53e15, "microseconds"),
     (1.53e18, "nanoseconds"), (17_000.0, None), (1e30, None)],
)  # fmt: skip
def test_the_unit_of_a_number_is_the_one_that_leads_to_our_time(value, unit):
    epoch = read_epoch(np.array([value]))
    assert (epoch.unit if epoch else None) == unit


def test_a_number_is_a_time_if_its_name_says_so_or_it_is_a_midnight():
    cells = make_cells(Date=["1"])
    noon, midnight = (read_epoch(np.array([86_400.0 * 17_000 + s])) for s in (43_200, 0))
    assert noon and midnight
    check_epoch(cells, 0, midnight, is_named=False)
    check_epoch(cells, 0, noon, is_named=True)
    with pytest.raises(UserError, match=r"2016-07-18T12:00:00.000000 UTC if it counts seconds"):
        check_epoch(cells, 0, noon, is_named=False)
