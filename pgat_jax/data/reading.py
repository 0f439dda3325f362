"""Reads a user's CSV or Parquet file as columns of cells; `user_table` interprets the columns."""

import csv
import io
import os
from pathlib import Path

from pgat_jax.data.cells import MAX_ROWS, Cells, check_header
from pgat_jax.data.on_demand import read_parquet
from pgat_jax.data.prices import WHEELS
from pgat_jax.errors import UserError, nearest

SUFFIXES = (".csv", ".parquet")
# The largest file, in bytes.
MAX_BYTES = 1 << 29


def read_bytes(source: str) -> bytes:
    """Reads the content of a user's file.

    Args:
        source: the path, with `~` for the home folder.

    Raises:
        UserError: the file is missing, a folder, unreadable, empty, larger than `MAX_BYTES`, or its
            suffix is not .csv or .parquet.
    """
    path = Path(os.path.expanduser(source))
    if os.path.isdir(path):
        raise UserError(f"data.source={source}: is a folder, expected a .csv or .parquet file.")
    if path.suffix.lower() not in SUFFIXES:
        name = nearest(source, WHEELS)
        raise UserError(
            f"data.source={source}: expected nasdaq, ibm, or the path of a .csv or .parquet file"
            f"{f'; did you mean {name!r}?' if name else '.'}"
        )
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_BYTES:
            raise UserError(
                f"data.source={source}: expected a regular file of at most {MAX_BYTES:,} bytes."
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"data.source={source}: no such file (the working directory is {Path.cwd()}); expected "
            "nasdaq, ibm, or the path of a .csv or .parquet file."
        ) from None
    except OSError as error:
        raise UserError(f"data.source={source}: cannot be read ({error.strerror}).") from None
    if not content.strip():
        raise UserError(f"{source}: the file is empty, expected a header and rows.")
    return content


def read_cells(source: str, content: bytes) -> Cells:
    """Reads the columns of a CSV or Parquet file.

    Args:
        source: the path, whose suffix gives the kind; errors name it.
        content: the content of the file.

    Raises:
        UserError: it is not such a file, has a repeated or empty header name, a row of another
            length, no rows or too many.
    """
    is_parquet = Path(source).suffix.lower() == ".parquet"
    cells = read_parquet(source, content) if is_parquet else _read_csv(source, content)
    if not cells.lines:
        raise UserError(f"{source}: a header without rows, expected one row a day.")
    if len(cells.lines) > MAX_ROWS:
        raise UserError(f"{source}: {len(cells.lines):,} rows, expected at most {MAX_ROWS:,}.")
    return cells


def _read_csv(source: str, content: bytes) -> Cells:
    reader = csv.reader(io.StringIO(_decode(source, content), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise UserError(f"{source}, row {reader.line_num}: not valid CSV: {error}.") from None
    header = check_header(source, rows[0][1])
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise UserError(
                f"{source}, row {line}: {len(row)} cells, expected {len(header)}, one for each "
                "column of the header."
            )
    columns = zip(*(row for _, row in rows[1:])) if len(rows) > 1 else [()] * len(header)
    return Cells(source, dict(zip(header, columns)), [line for line, _ in rows[1:]])


def _decode(source: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{source}: not a UTF-8 text file (byte {error.start}): save it as CSV in UTF-8."
        ) from None
    if not text.strip():
        raise UserError(f"{source}: the file is empty, expected a header and rows.")
    if "\0" in text:
        raise UserError(
            f"{source}: not a text file (it contains NUL bytes): save it as CSV in UTF-8."
        )
    return text
