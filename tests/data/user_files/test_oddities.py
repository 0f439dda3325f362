"""What looks wrong is said: weekly rows, splits, slips, halts, partial days, another calendar."""

from datetime import date

import numpy as np
import pytest

from pgat_jax.data.user_files.oddities import find_calendar_oddities, find_oddities


@pytest.fixture
def table(plain):
    return plain.dates.copy(), plain.prices.copy()


def said(*table, **options):
    (found,) = find_oddities(*table, **options)
    return found


def test_sound_rows_need_no_word(table):
    assert find_oddities(*table) == ()
    assert find_calendar_oddities(table[0], "XNYS", date(2026, 1, 1)) == ()


@pytest.mark.parametrize(("step", "word"), [(5, "weekly?"), (21, "monthly?")])
def test_rows_that_are_not_daily(table, step, word):
    dates, prices = table
    assert word in said(dates[::step], prices[::step])


def test_a_split(table):
    table[1][100:] /= 4
    assert f"Close changes by -75% on {table[0][100]}: a split" in said(*table)


@pytest.mark.parametrize("column", [1, 2, 3])
@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_a_slip_of_the_decimal_point(table, column, factor):
    table[1][100, column] *= factor
    assert f"{table[0][100]} has a price ten times its neighbours" in said(*table)


def test_a_filled_halt(table):
    table[1][100:140] = table[1][100]
    assert f"40 rows from {table[0][100]} on have the same four prices" in said(*table)


def test_a_day_that_has_not_ended(table):
    table[1][-1] = table[1][-1, 3]
    assert find_oddities(*table) == ()
    assert f"the last row, {table[0][-1]}, has one price and no volume" in said(
        *table, has_no_volume=True
    )


def test_funds_with_one_price_a_day_end_as_they_go_on(table):
    dates, prices = table
    assert find_oddities(dates, np.repeat(prices[:, 3:], 4, axis=1), has_no_volume=True) == ()


def test_another_calendar():
    days = np.arange("2018-01-01", "2018-06-01", dtype="datetime64[D]")
    (found,) = find_calendar_oddities(days, "XNYS", date(2026, 1, 1))
    assert found.endswith("has no trade: data.calendar=24/7?")
    weekdays = days[np.is_busday(days)]
    (found,) = find_calendar_oddities(weekdays, "XNYS", date(2026, 1, 1))
    assert found.endswith("has no trade: data.calendar=24/5?")
    assert find_calendar_oddities(days, "24/7", date(2026, 1, 1)) == ()
    assert find_calendar_oddities(days, "auto", date(2026, 1, 1)) == ()


def test_days_to_come(table):
    (found,) = find_calendar_oddities(table[0], "XNYS", date(2018, 12, 24))
    assert found == "4 rows lie in the future, the last on 2018-12-31"
