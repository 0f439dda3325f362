"""The order of rows: oldest first, each day once."""

import numpy as np
import pytest

from pgat_jax.data.user_files.dates import Reading
from pgat_jax.data.user_files.order import arrange_rows
from pgat_jax.data.user_files.recognition import Roles
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells


def arrange(days, values=None):
    days = np.array([f"2018-01-{day:02}" for day in days], "datetime64[D]")
    values = np.arange(float(len(days))) if values is None else np.array(values, float)
    cells = make_cells(Date=list(map(str, days)), Close=list(map(str, values)))
    reading = Reading(days, np.zeros(len(days)), "", "pd.to_datetime(df['Date']")
    order, notes = arrange_rows(cells, Roles(0, {"Close": 1}), reading, values[:, None])
    return order.tolist(), notes


def test_rows_in_order_stay():
    assert arrange([1, 2, 3]) == ([0, 1, 2], [])
    assert arrange([1]) == ([0], [])


def test_newest_first_is_reversed():
    assert arrange([3, 2, 1]) == ([2, 1, 0], ["newest first, reversed"])


@pytest.mark.parametrize(("days", "order"), [([1, 2, 2], [0, 1]), ([2, 2, 1], [2, 1])])
def test_a_last_row_that_stands_twice_is_read_once(days, order):
    values = [7, 8, 8] if days[0] == 1 else [8, 8, 7]
    found, notes = arrange(days, values)
    assert found == order and notes[-1] == "the last row, which stood there twice, once"


@pytest.mark.parametrize(
    ("days", "row", "what"),
    [
        ([1, 3, 2], 4, "2018-01-02 is earlier than 2018-01-03 in the row before it: expected one"),
        ([1, 2, 2], 4, "2018-01-02 occurs twice: expected one row a day, not bars of hours"),
        ([*range(1, 13), 12, 13], 14, "2018-01-12 occurs twice: expected one row a day; to keep"),
    ],
)
def test_another_order_is_refused(days, row, what):
    with pytest.raises(UserError) as error:
        arrange(days)
    assert str(error.value).startswith(f"t.csv, row {row}, column 'Date': {what}")
