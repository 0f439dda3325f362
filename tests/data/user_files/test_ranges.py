"""Open and Close lie within Low and High, but for rounding."""

import numpy as np
import pytest

from pgat_jax.data.rows import SMALLEST
from pgat_jax.data.user_files.ranges import check_ranges
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells

COLUMNS = {"Open": 0, "High": 1, "Low": 2, "Close": 3}
ROW = [10.25, 10.75, 10.11, 10.5]


def check(*rows):
    cells = make_cells(o=["1"] * len(rows), h=[""], l=[""], c=[""])
    check_ranges(cells, COLUMNS, np.array(rows))


def refused(*rows):
    with pytest.raises(UserError) as error:
        check(*rows)
    return str(error.value)


def test_sound_rows_pass():
    check(ROW, [1e14, 1e14, 1e-90, 1.0], [5.0, 5.0, 5.0, 5.0])


def test_a_cent_of_rounding_passes():
    check(ROW, [10.25, 10.74, 10.11, 10.75])
    check([1.1, 1.3, 1.1 * (1 + 1e-7), 1.3 * (1 + 1e-7)])


@pytest.mark.parametrize("price", [0.0, -1.0, SMALLEST, np.nan])
def test_a_price_that_is_not_above_zero_is_named(price):
    message = refused(ROW, [10.25, 10.75, price, 10.5])
    assert message.startswith("t.csv, row 3, column 'l': got ")
    assert "expected a price above zero; to leave such rows out, in Python: " in message


def test_a_high_below_its_low_is_named():
    assert "row 3, column 'h': got 1.9, expected at least Low (2)" in refused(
        ROW, [1.9, 1.9, 2.0, 1.9], ROW
    )
    assert "if the two names are exchanged" in refused(*[[1.5, 1.0, 2.0, 1.5]] * 3)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ([10.25, 10.75, 10.11, 11.0], "column 'c': got 11, expected at most High (10.75)"),
        ([10.25, 10.75, 10.11, 10.05], "column 'c': got 10.05, expected at least Low (10.11)"),
        ([10.95, 10.75, 10.11, 10.5], "column 'o': got 10.95, expected at most High (10.75)"),
    ],
)
def test_a_price_outside_the_range_is_named(row, what):
    message = refused(*[ROW] * 30, row)
    assert f"row 32, {what}; to widen such ranges, in Python: " in message


def test_a_price_far_from_its_range_is_not_made_its_end():
    message = refused(*[ROW] * 30, [10.25, 10.75, 10.11, 16.125])
    assert "got 16.125, expected at most High (10.75); to leave such rows out, in Python" in message


def test_an_adjusted_close_beside_an_unadjusted_range_is_recognised():
    assert "in 3 of 4 rows: is it adjusted for dividends and the others not?" in refused(
        ROW, *[[10.25, 10.75, 10.11, 9.5]] * 3
    )
