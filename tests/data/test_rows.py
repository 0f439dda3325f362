"""Dates and prices of a source: one row a day, oldest first, prices above zero."""

import numpy as np
import pytest

from pgat_jax.data.rows import SMALLEST, check_dates, check_prices
from pgat_jax.errors import UserError


def days(*texts):
    return np.array(texts, "datetime64[D]")


def test_sound_rows_are_accepted():
    check_dates(days("2018-01-01", "2018-01-02", "2018-01-09"), "t.csv")
    check_dates(days("2018-01-01"), "t.csv")
    check_prices(np.array([[1.0, 2.0, 2.0, 1.5], [1e14, 1e14, 1e-90, 1.0]]), "t.csv")


@pytest.mark.parametrize(
    ("dates", "rule"),
    [
        (("2018-01-02", "2018-01-02"), "2018-01-02 occurs twice"),
        (("2018-01-02", "2018-01-01"), "2018-01-01 is earlier than 2018-01-02 in the row before"),
    ],
)
def test_repeated_and_unsorted_dates_are_named(dates, rule):
    with pytest.raises(UserError, match=f"t.csv, row 3, column 'Date': {rule}"):
        check_dates(days(*dates), "t.csv")
    with pytest.raises(UserError, match=f"t.csv, row 9, column 'day': {rule}"):
        check_dates(days(*dates), "t.csv", "day", [4, 9])


@pytest.mark.parametrize("price", [0.0, -1.0, SMALLEST, np.nan])
def test_a_price_that_is_not_above_zero_is_named(price):
    prices = np.ones((3, 4))
    prices[1, 3] = price
    with pytest.raises(UserError, match=r"row 3, column 'Close': got .*, expected a price above"):
        check_prices(prices, "t.csv")


def test_a_high_below_its_low_is_named():
    prices = np.array([[1.0, 1.0, 1.0, 1.0], [1.5, 1.9, 2.0, 1.9]])
    with pytest.raises(UserError, match=r"row 7, .*'High': got 1\.9, expected at least Low \(2\)"):
        check_prices(prices, "t.csv", [5, 7])
