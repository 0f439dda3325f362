"""Dates that the calendar and the ephemeris cover: both ends belong to it."""

import numpy as np
import pytest

from pgat_jax.data.coverage import CALENDAR, EPHEMERIS

DAY = np.timedelta64(1, "D")


@pytest.mark.parametrize("coverage", [CALENDAR, EPHEMERIS], ids=lambda c: c.source)
def test_dates_outside_are_found_and_the_ends_are_inside(coverage):
    first, last = coverage.first, coverage.last
    dates = np.array([first - DAY, first, first + DAY, last - DAY, last, last + DAY])
    assert coverage.find_outside(dates).tolist() == [0, 5]


def test_the_calendar_covers_every_date_of_the_ephemeris():
    assert CALENDAR.first < EPHEMERIS.first and EPHEMERIS.last < CALENDAR.last
