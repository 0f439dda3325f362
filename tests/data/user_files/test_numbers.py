"""Numbers: decimal points and commas where one reading alone fits, and the refusal of others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.data.user_files.numbers import LARGEST, POINTS, find_form, is_empty, read_numbers
from pgat_jax.errors import UserError
from tests.data.user_files.cells_of import make_cells


def read(*texts, has_points=False):
    cells = make_cells(a=list(texts))
    object.__setattr__(cells, "has_points", has_points)
    return read_numbers(cells, 0, find_form(cells, [0])).tolist()


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=1))
def test_numbers_are_read_back_to_the_last_bit(numbers):
    cells = make_cells(a=list(map(repr, numbers)))
    assert read_numbers(cells, 0, POINTS).tolist() == numbers


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ((" 1.5 ", "2"), [1.5, 2]),
        (("1,234.50", "999.5"), [1234.5, 999.5]),
        (("1,234,567", "1"), [1234567, 1]),
        (("1.234,50", "999,5"), [1234.5, 999.5]),
        (("1234,5", "999,25"), [1234.5, 999.25]),
        (("1234,567", "2345,678"), [1234.567, 2345.678]),
        (("0,123", "0,124"), [0.123, 0.124]),
        (("0.123", "1.124"), [0.123, 1.124]),
        (("1.234.567", "1.234.568"), [1234567, 1234568]),
        (("1 234,5", "1\u00a0235,5"), [1234.5, 1235.5]),
        (("1'234.5", "1'235.5"), [1234.5, 1235.5]),
        (("$1.50", "€ 2.50"), [1.5, 2.5]),
        (("1e3", "1.5E-2"), [1000, 0.015]),
        (("1e15", "-1e15"), [LARGEST, -LARGEST]),
    ],
)
def test_a_number_of_one_meaning_is_read(texts, values):
    assert read(*texts) == values


@pytest.mark.parametrize("texts", [("1,234", "2,345"), ("1.234", "2.345"), ("1.234", "998")])
def test_a_number_of_two_meanings_is_refused(texts):
    with pytest.raises(UserError, match="can be the decimal sign or between thousands"):
        read(*texts)


def test_points_are_decimal_where_the_program_writes_no_others():
    assert read("110.123", "110.124", has_points=True) == [110.123, 110.124]


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("1_5", "got '1_5', expected a number"),
        ("٣", "got '٣', expected a number"),
        ("1,5", "got '1,5', expected a number"),
        ("12,34.5", "got '12,34.5', expected a number"),
        ("(1.5)", "got '(1.5)', expected a number"),
        ("5%", "got '5%', expected a number"),
        ("-inf", "got -inf, expected a finite number"),
        ("1e999", "got inf, expected a finite number"),
        ("1e16", "got 1e+16, expected a number up to 1e+15 in size"),
        ("x" * 50, f"got '{'x' * 37}...', expected a number"),
    ],
)
def test_a_cell_that_is_no_number_is_named(cell, what):
    with pytest.raises(UserError) as error:
        read("1.25", cell, "2")
    assert str(error.value) == f"t.csv, row 3, column 'a': {what}."


@pytest.mark.parametrize("cell", ["", " ", "null", "NaN", "N/A", "-", None])
def test_an_empty_cell_is_nan(cell):
    assert is_empty(cell)
    assert np.isnan(read("1.25", cell)[1])


def test_typed_columns_are_taken_as_they_are():
    cells = make_cells(a=np.array([1.5]), b=np.array(["2018-01-01"], "datetime64[us]"), c="bool")
    assert read_numbers(cells, 0, find_form(cells, [0])).tolist() == [1.5]
    with pytest.raises(UserError, match=r"row 2, column 'b': got 2018-01-01.* expected a number"):
        read_numbers(cells, 1, POINTS)
    with pytest.raises(UserError, match="column 'c': got type bool, expected numbers"):
        read_numbers(cells, 2, POINTS)
