"""Holds a file as columns of cells with their names, and writes the errors about them."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgat_jax.data.user_files.recipes import write_recipe
from pgat_jax.errors import UserError

# Text, numbers or times; or the name of another type, of a column that cannot be read.
Column = Sequence[Any] | np.ndarray
# The largest number of characters of a cell in an error message.
_SHOWN = 40


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of a file, not yet converted.

    Attributes:
        where: the file, for error messages.
        names: the names of the columns, as pandas gives them.
        columns: the cells of each: text, float64 numbers or `datetime64[us]`; text is empty or None
            and a number NaN where the file has none. A column of another type is a str, its name.
        lines: [rows] the number of each row in error messages: its line in a text file, its number
            from 1 in a Parquet file.
        read_call: the call of pandas that reads the file, for recipes.
        notes: how the cells were found, for the user.
        has_points: whether the program that wrote the file always writes decimal points.
    """

    where: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    lines: np.ndarray
    read_call: str
    notes: tuple[str, ...] = ()
    has_points: bool = False

    def select_rows(self, kept: np.ndarray, *notes: str) -> "Cells":
        """Returns some rows, in a given order.

        Args:
            kept: the indices of the rows, or a mask.
            *notes: what to say to the user about it.
        """
        if kept.dtype == bool:
            kept = np.flatnonzero(kept)
        columns = tuple(_take(column, kept) for column in self.columns)
        notes = (*self.notes, *notes)
        return dataclasses.replace(self, columns=columns, lines=self.lines[kept], notes=notes)

    def refuse(self, column: int, row: int, what: str, *steps: str) -> UserError:
        """Returns the error about a bad cell.

        Args:
            column: the index of its column.
            row: its row, from 0.
            what: what was got and what was expected, without a full stop.
            *steps: statements of Python that mend the DataFrame `df` of the file.
        """
        place = f"row {self.lines[row]}, column {self.names[column]!r}"
        return self.refuse_file(f"{place}: {what}", *steps, after=", ")

    def refuse_file(self, what: str, *steps: str, after: str = ": ") -> UserError:
        """Returns the error about a file.

        Args:
            what: what was got and what was expected, without a full stop.
            *steps: statements of Python that mend the DataFrame `df` of the file.
            after: what follows the name of the file.
        """
        recipe = f", {write_recipe(self.where, self.read_call, *steps)}" if steps else "."
        return UserError(f"{self.where}{after}{what}{recipe}")


def shorten(cell: object) -> str:
    """Returns a cell for an error message.

    Args:
        cell: text, or a number.
    """
    if not isinstance(cell, str):
        return str(cell)
    return repr(cell if len(cell) <= _SHOWN else f"{cell[: _SHOWN - 3]}...")


def _take(column: Column, rows: np.ndarray) -> Column:
    if isinstance(column, np.ndarray):
        return column[rows]
    return column if isinstance(column, str) else [column[i] for i in rows]
