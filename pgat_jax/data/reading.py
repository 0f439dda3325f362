"""A user's file as columns of cells; what the columns mean is ``user_table``'s matter."""

import csv
import difflib
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pgat_jax.data.prices import WHEELS
from pgat_jax.errors import UserError

SUFFIXES = (".csv", ".parquet")
MAX_BYTES = 1 << 29
MAX_ROWS = 100_000
"""One a day: more than all days from 1870 to 2099."""
LARGEST = 1e15
"""Beyond it lies no price, distance or speed, and squares soon overflow."""
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ]\d{2}:\d{2})")
_NUMBERS = re.compile(r"[-+0-9.eEnaNIifty \n]+", re.ASCII)
"""Letters of numbers, NaN and Inf: Python's ``float`` alone would also read ``1_5`` and ``٣``."""
_EPOCH = np.datetime64("1970-01-01")


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of a file, not yet converted."""

    where: str
    """The file, for errors."""
    columns: dict[str, Sequence[Any] | np.ndarray]
    """Header name, stripped -> the cells: text, numbers or dates; None where empty."""
    lines: Sequence[int]
    """How errors name each row: its line in a CSV file, its number from 1 in a Parquet file."""

    def numbers(self, name: str) -> np.ndarray:
        """[rows] float64, rounded correctly.

        Raises:
            UserError: a cell is empty, not a number, NaN or Inf; names row, column and value.
        """
        cells = self.columns[name]
        if not isinstance(cells, np.ndarray):
            values = self._parsed(name, [cell or "" for cell in cells])
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
        """[rows] ``datetime64[D]``; a time of day is left out.

        Raises:
            UserError: a cell is empty or not an ISO date; names row, column and value.
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
        """The one sentence about a bad cell."""
        return UserError(f"{self.where}, row {self.lines[row]}, column {name!r}: {what}.")

    def _parsed(self, name: str, cells: list[str]) -> np.ndarray:
        """All cells at once; a bad one is looked for only where there is one."""
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
        raise self.refusal(name, i, f"got {_short(cell)}, expected a number")

    def _date(self, name: str, i: int, cell: str | None) -> np.datetime64:
        if cell is None or not cell.strip():
            raise self.refusal(name, i, "is empty, expected a date")
        found = _ISO_DAY.match(cell.strip())
        try:
            if found:
                return np.datetime64(found.group(), "D")
        except ValueError:
            pass
        raise self.refusal(name, i, f"got {_short(cell)}, expected a date YYYY-MM-DD")


def read_bytes(source: str) -> bytes:
    """Content of a user's file.

    Raises:
        UserError: it is missing, a folder, unreadable, empty, or of an unknown kind.
    """
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        raise UserError(f"data.source={source}: is a folder, expected a .csv or .parquet file.")
    if path.suffix.lower() not in SUFFIXES:
        near = difflib.get_close_matches(source, WHEELS, 1)
        raise UserError(
            f"data.source={source}: expected nasdaq, ibm, or the path of a .csv or .parquet file"
            f"{f'; did you mean {near[0]!r}?' if near else '.'}"
        )
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_BYTES:
            raise UserError(
                f"data.source={source}: expected a regular file of at most {MAX_BYTES:,} bytes."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"data.source={source}: no such file (from {Path.cwd()}).") from None
    except OSError as error:
        raise UserError(f"data.source={source}: cannot be read ({error.strerror}).") from None
    if not content.strip():
        raise UserError(f"{source}: the file is empty, expected a header and rows.")
    return content


def read_cells(source: str, content: bytes) -> Cells:
    """Columns of a CSV or Parquet file.

    Raises:
        UserError: not such a file, a repeated or empty header name, a ragged row, or no rows.
    """
    parquet = Path(source).suffix.lower() == ".parquet"
    cells = _parquet(source, content) if parquet else _csv(source, content)
    if not cells.lines:
        raise UserError(f"{source}: a header without rows, expected one row a day.")
    if len(cells.lines) > MAX_ROWS:
        raise UserError(f"{source}: {len(cells.lines):,} rows, expected at most {MAX_ROWS:,}.")
    return cells


def _csv(source: str, content: bytes) -> Cells:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{source}: not a UTF-8 text file (byte {error.start}): save it as CSV in UTF-8."
        ) from None
    if not text.strip():
        raise UserError(f"{source}: the file is empty, expected a header and rows.")
    if "\0" in text:
        raise UserError(f"{source}: not a text file (it holds NUL bytes): save it as CSV in UTF-8.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise UserError(f"{source}, row {reader.line_num}: not valid CSV: {error}.") from None
    header = _header(source, rows[0][1])
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise UserError(
                f"{source}, row {line}: {len(row)} cells, expected {len(header)}, one for each "
                "column of the header."
            )
    columns = zip(*(row for _, row in rows[1:])) if len(rows) > 1 else [()] * len(header)
    return Cells(source, dict(zip(header, columns)), [line for line, _ in rows[1:]])


def _header(source: str, names: Sequence[str]) -> list[str]:
    header = [name.strip() for name in names]
    other = next((d for d in ";\t|" if d in header[0]), None)
    if len(header) == 1 and other:
        raise UserError(
            f"{source}: the columns are separated by {other!r}, expected commas: save it as "
            "comma-separated CSV with decimal points."
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        if not name:
            raise UserError(
                f"{source}, row 1: column {place} has no name; if it is an index, leave it out "
                "(pandas: to_csv(index=False))."
            )
        if name.lower() in seen:
            raise UserError(
                f"{source}, row 1: column {name!r} stands twice (columns {seen[name.lower()]} and "
                f"{place}): keep one."
            )
        seen[name.lower()] = place
    return header


def _parquet(source: str, content: bytes) -> Cells:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise UserError(
            f"{source}: Parquet needs the package pyarrow: pip install 'pgat_jax[parquet]', or "
            "give a CSV file."
        ) from None
    try:
        file = parquet.ParquetFile(arrow.BufferReader(content), page_checksum_verification=True)
        if file.metadata.num_rows > MAX_ROWS:  # before anything is unpacked
            return Cells(source, {}, range(file.metadata.num_rows))
        table = file.read()
        header = _header(source, table.column_names)
        cells = {name: _arrow_cells(source, name, table.column(i)) for i, name in enumerate(header)}
    except (arrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{source}: not a Parquet file ({reason}).") from None
    return Cells(source, cells, range(1, table.num_rows + 1))


def _arrow_cells(source: str, name: str, column: Any) -> Sequence[Any] | np.ndarray:
    from pyarrow import types

    kind = column.type
    if types.is_string(kind) or types.is_large_string(kind):
        return column.to_pylist()
    if types.is_date(kind) or types.is_timestamp(kind):
        return column.to_numpy().astype("datetime64[us]")
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + 1
            raise UserError(f"{source}, row {row}, column {name!r}: is empty, expected a number.")
        return column.to_numpy().astype(np.float64)
    raise UserError(f"{source}, column {name!r}: got type {kind}, expected numbers, dates or text.")


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:37]}...")
