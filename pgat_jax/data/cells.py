"""Holds a file as columns of cells, which are converted to numbers and dates on demand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgat_jax.errors import UserError

# The most rows of a file, one a day: more than all days from 1870 to 2099.
MAX_ROWS = 100_000
# The largest number: no price, distance or speed is larger, and its square is far from overflow.
LARGEST = 1e15
# The largest number of characters of a cell in an error message.
_SHOWN = 40
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ]\d{2}:\d{2})")
# Characters of numbers, NaN and Inf. Python's `float` alone would also read `1_5` and `٣`.
_NUMBERS = re.compile(r"[-+0-9.eEnaNIifty \n]+", re.ASCII)


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of a file, not yet converted.

    Attributes:
        where: the file, for error messages.
        columns: stripped header name -> the cells: text, numbers or dates; None where empty.
        lines: the number of each row in error messages: its line in a CSV file, its number from 1
            in a Parquet file.
    """

    where: str
    columns: dict[str, Sequence[Any] | np.ndarray]
    lines: Sequence[int]

    def numbers(self, name: str) -> np.ndarray:
        """Converts a column to numbers.

        Args:
            name: the header name.

        Returns:
            [rows] float64, rounded correctly.

        Raises:
            UserError: a cell is empty, not a number, NaN, Inf or above 1e15 in size.
        """
        cells = self.columns[name]
        if not isinstance(cells, np.ndarray):
            values = self._parse(name, [cell or "" for cell in cells])
        elif cells.dtype.kind == "M":
            raise self.refusal(name, 0, f"got {cells[0]}, expected a number")
        else:
            values = cells.astype(np.float64)
        for i in np.flatnonzero(~np.isfinite(values))[:1]:
            raise self.refusal(name, int(i), f"got {values[i]}, expected a finite number")
        for i in np.flatnonzero(np.abs(values) > LARGEST)[:1]:
            what = f"got {values[i]:g}, expected a number up to {LARGEST:g} in size"
            raise self.refusal(name, int(i), what)
        return values

    def dates(self, name: str) -> np.ndarray:
        """Converts a column to dates.

        Args:
            name: the header name.

        Returns:
            [rows] `datetime64[D]`; a time of day after the date is dropped.

        Raises:
            UserError: a cell is empty or does not begin with a date YYYY-MM-DD.
        """
        cells = self.columns[name]
        if isinstance(cells, np.ndarray):
            if cells.dtype.kind != "M":
                raise self.refusal(name, 0, f"got {cells[0]}, expected a date YYYY-MM-DD")
            for i in np.flatnonzero(np.isnat(cells))[:1]:
                raise self.refusal(name, int(i), "is empty, expected a date")
            return cells.astype("datetime64[D]")
        return np.array([self._date(name, i, cell) for i, cell in enumerate(cells)])

    def refusal(self, name: str, row: int, what: str) -> UserError:
        """Returns the error about a bad cell, for the caller to raise.

        Args:
            name: the header name of its column.
            row: its row, from 0.
            what: what was got and what was expected, without a full stop at its end.
        """
        return UserError(f"{self.where}, row {self.lines[row]}, column {name!r}: {what}.")

    def _parse(self, name: str, cells: list[str]) -> np.ndarray:
        """Converts all cells at once; if that fails, converts each to find the bad one."""
        try:
            if _NUMBERS.fullmatch("\n".join(cells)):
                return np.array([float(cell) for cell in cells])
        except ValueError:
            pass
        return np.array([self._number(name, i, cell) for i, cell in enumerate(cells)])

    def _number(self, name: str, i: int, cell: str) -> float:
        if not cell.strip():
            raise self.refusal(name, i, "is empty, expected a number")
        try:
            if _NUMBERS.fullmatch(cell):
                return float(cell)
        except ValueError:
            pass
        raise self.refusal(name, i, f"got {_shorten(cell)}, expected a number")

    def _date(self, name: str, i: int, cell: str | None) -> np.datetime64:
        if cell is None or not cell.strip():
            raise self.refusal(name, i, "is empty, expected a date")
        found = _ISO_DAY.match(cell.strip())
        try:
            if found:
                return np.datetime64(found.group(), "D")
        except ValueError:
            pass
        raise self.refusal(name, i, f"got {_shorten(cell)}, expected a date YYYY-MM-DD")


def check_header(where: str, names: Sequence[str]) -> list[str]:
    """Checks the names of the columns of a file.

    Args:
        where: the file, for error messages.
        names: the names as they are in the file, at least one.

    Returns:
        The names without spaces around them.

    Raises:
        UserError: a name is empty or occurs twice, in capitals or not; or there is one name, which
            contains another separator than a comma.
    """
    header = [name.strip() for name in names]
    other = next((d for d in ";\t|" if d in header[0]), None)
    if len(header) == 1 and other:
        raise UserError(
            f"{where}: the columns are separated by {other!r}, expected commas: save it as "
            "comma-separated CSV with decimal points."
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        if not name:
            raise UserError(
                f"{where}, row 1: column {place} has no name; if it is an index, leave it out "
                "(pandas: to_csv(index=False))."
            )
        if name.lower() in seen:
            raise UserError(
                f"{where}, row 1: column {name!r} occurs twice (columns {seen[name.lower()]} and "
                f"{place}): keep one."
            )
        seen[name.lower()] = place
    return header


def _shorten(cell: str) -> str:
    return repr(cell if len(cell) <= _SHOWN else f"{cell[: _SHOWN - 3]}...")
