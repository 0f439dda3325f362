"""Cells become numbers and dates, or one sentence that names file, row, column and value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.data.cells import LARGEST, Cells, check_header
from pgat_jax.errors import UserError


def column(*cells, lines=None) -> Cells:
    return Cells("t.csv", {"a": cells}, lines or range(2, 2 + len(cells)))


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=1))
def test_numbers_are_read_back_to_the_last_bit(numbers):
    assert column(*map(repr, numbers)).numbers("a").tolist() == numbers


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("", "is empty, expected a number"),
        (" ", "is empty, expected a number"),
        (None, "is empty, expected a number"),
        ("1_5", "got '1_5', expected a number"),
        ("٣", "got '٣', expected a number"),
        ("1,5", "got '1,5', expected a number"),
        ("nan", "got nan, expected a finite number"),
        ("-inf", "got -inf, expected a finite number"),
        ("1e16", "got 1e+16, expected a number up to 1e+15 in size"),
        ("x" * 50, f"got '{'x' * 37}...', expected a number"),
    ],
)
def test_a_cell_that_is_no_number_is_named(cell, what):
    with pytest.raises(UserError) as error:
        column("1", cell, "2").numbers("a")
    assert str(error.value) == f"t.csv, row 3, column 'a': {what}."


def test_the_largest_number_is_read():
    assert column("1e15", "-1e15").numbers("a").tolist() == [1e15, -1e15]


def test_spaces_around_a_number_are_harmless():
    assert column(" 1.5 ", "2").numbers("a").tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    "cell", ["2018-06-29", " 2018-06-29 ", "2018-06-29T10:00", "2018-06-29 00:00:00Z"]
)
def test_a_date_is_read_without_its_time(cell):
    dates = column(cell).dates("a")
    assert dates.dtype == "datetime64[D]" and str(dates[0]) == "2018-06-29"


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("", "is empty, expected a date"),
        ("29.06.2018", "got '29.06.2018', expected a date YYYY-MM-DD"),
        ("2018-02-30", "got '2018-02-30', expected a date YYYY-MM-DD"),
        ("2018-06-299", "got '2018-06-299', expected a date YYYY-MM-DD"),
        ("2018-06", "got '2018-06', expected a date YYYY-MM-DD"),
    ],
)
def test_a_cell_that_is_no_date_is_named(cell, what):
    with pytest.raises(UserError) as error:
        column("2018-01-01", cell).dates("a")
    assert str(error.value) == f"t.csv, row 3, column 'a': {what}."


def test_typed_columns_are_taken_as_they_are():
    days = np.array(["2018-01-01", "2018-01-02"], "datetime64[us]")
    typed = Cells("t", {"n": np.array([1, 2]), "d": days}, [1, 2])
    assert typed.numbers("n").dtype == np.float64
    assert typed.dates("d").dtype == "datetime64[D]"
    with pytest.raises(UserError, match=r"row 1, column 'd': got 2018-01-01.* expected a number"):
        typed.numbers("d")
    with pytest.raises(UserError, match="row 1, column 'n': got 1, expected a date"):
        typed.dates("n")
    missing = Cells("t", {"d": np.array(["2018-01-01", "NaT"], "datetime64[us]")}, [1, 2])
    with pytest.raises(UserError, match="row 2, column 'd': is empty, expected a date"):
        missing.dates("d")


def test_names_of_a_header_are_stripped():
    assert check_header("t.csv", [" Date", "Open "]) == ["Date", "Open"]


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["Date;Open"], "separated by ';', expected commas"),
        (["Date", ""], "row 1: column 2 has no name"),
        (["Date", "x", "DATE"], "column 'DATE' occurs twice (columns 1 and 3): keep one"),
    ],
)
def test_a_bad_header_is_refused(names, what):
    with pytest.raises(UserError) as error:
        check_header("t.csv", names)
    assert str(error.value).startswith("t.csv") and what in str(error.value)
