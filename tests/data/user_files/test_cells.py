"""Columns of cells: rows are chosen, and a bad cell is named by file, row, column and recipe."""

import numpy as np

from pgat_jax.data.user_files.cells import shorten
from tests.data.user_files.cells_of import make_cells

CELLS = make_cells(a=["1", "2", "3"], b=np.array([1.0, 2.0, 3.0]), c="bool")


def test_rows_are_chosen_by_mask_or_in_an_order():
    chosen = CELLS.select_rows(np.array([True, False, True]), "two of three")
    assert chosen.columns[0] == ["1", "3"] and chosen.columns[1].tolist() == [1.0, 3.0]
    assert chosen.columns[2] == "bool" and chosen.lines.tolist() == [2, 4]
    assert chosen.notes == ("two of three",)
    back = CELLS.select_rows(np.array([2, 0]))
    assert back.columns[0] == ["3", "1"] and back.lines.tolist() == [4, 2] and back.notes == ()


def test_a_bad_cell_is_named_by_file_row_and_column():
    assert str(CELLS.refuse(0, 1, "got 'x'")) == "t.csv, row 3, column 'a': got 'x'."


def test_an_error_ends_with_the_line_that_mends_the_file():
    assert str(CELLS.refuse_file("no Date", "df = df[1:]", "df = df[2:]")) == (
        "t.csv: no Date, in Python: import pandas as pd; df = pd.read_csv('t.csv', dtype=str); "
        "df = df[1:]; df = df[2:]; df.to_csv('t_mended.csv', index=False)"
    )


def test_long_cells_are_shortened():
    assert shorten("x" * 50) == f"'{'x' * 37}...'"
    assert shorten("x") == "'x'" and shorten(1.5) == "1.5"
