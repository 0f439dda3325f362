"""Reads the cells of a user's CSV or Parquet file, and checks that every row is whole."""

import collections
import csv
import io
import re

import numpy as np

from pgat_jax.data.on_demand import read_csv, read_parquet
from pgat_jax.data.rows import MAX_ROWS
from pgat_jax.data.user_files.cells import Cells, Column
from pgat_jax.data.user_files.content import is_parquet
from pgat_jax.data.user_files.layout import Layout, find_layout
from pgat_jax.data.user_files.recipes import write_recipe
from pgat_jax.data.user_files.synonyms import DATES, compact, is_known
from pgat_jax.data.user_files.text import decode
from pgat_jax.errors import UserError

# The most columns of a text file: no vendor has as many, and each costs memory in every row.
_MAX_COLUMNS = 2000
# A name that pandas gives to a column of several levels, as in `('Close', 'AAPL')`.
_LEVELS = re.compile(r"\('([^']*)', '([^']*)'\)")


def read_cells(source: str, content: bytes) -> Cells:
    """Reads the columns of a CSV or Parquet file.

    Args:
        source: the path, whose suffix gives the kind; errors name it.
        content: the content of the file.

    Raises:
        UserError: it is not such a file, has no header, a row of another length, no rows or too
            many.
    """
    cells = _read_parquet(source, content) if is_parquet(source) else _read_text(source, content)
    if not len(cells.lines):
        raise cells.refuse_file("a header without rows, expected one row a day")
    if len(cells.lines) > MAX_ROWS:
        raise cells.refuse_file(f"{len(cells.lines):,} rows, expected at most {MAX_ROWS:,}")
    return cells


def _read_parquet(source: str, content: bytes) -> Cells:
    columns = read_parquet(source, content)
    names = _flatten(source, [name.strip() for name, _ in columns])
    count = max((len(c) for _, c in columns if not isinstance(c, str)), default=0)
    call = f"pd.read_parquet({source!r}).reset_index()"
    return Cells(source, names, tuple(c for _, c in columns), np.arange(1, count + 1), call)


def _flatten(source: str, names: list[str]) -> tuple[str, ...]:
    """Returns the parts of names of two levels that name the columns.

    Raises:
        UserError: the other level names several instruments.
    """
    levels = [found.groups() if (found := _LEVELS.fullmatch(name)) else None for name in names]
    pairs = [pair for pair in levels if pair]
    first = 0 if any(is_known(pair[0]) for pair in pairs) else 1
    others = list(dict.fromkeys(pair[1 - first] for pair in pairs if pair[1 - first]))
    if len(others) > 1:
        read = f"pd.read_parquet({source!r})"
        step = f"df = df.xs({others[0]!r}, axis=1, level={1 - first}).reset_index()"
        raise UserError(
            f"{source}: prices of {len(others)} instruments ({', '.join(others[:5])}), expected "
            f"one: choose it, {write_recipe(source, read, step)}"
        )
    return tuple(pair[first] if pair else name for name, pair in zip(names, levels))


def _read_text(source: str, content: bytes) -> Cells:
    text, encoding, notes = decode(source, content)
    layout = find_layout(source, text, encoding)
    lines = text.rstrip("\n").split("\n")
    if len(lines) > MAX_ROWS + layout.first:
        raise UserError(
            f"{source}: {len(lines) - layout.first:,} rows, expected at most {MAX_ROWS:,}."
        )
    table = _read_table(source, text, lines, layout)[layout.first :]
    numbers = np.arange(layout.first + 1, layout.first + len(table) + 1)
    kept, footer = _find_rows(table)
    again = [
        i for i in kept if tuple(map(str.strip, table[i, : len(layout.names)])) == layout.names
    ]
    kept = np.setdiff1d(kept, again)
    is_aligned = len(table) == len(lines) - layout.first
    if is_aligned:
        _check_lengths(source, lines, numbers[kept], layout)
    table, numbers = table[kept], numbers[kept]
    call = layout.write_call(source, encoding)
    _check_width(source, table, numbers, layout, call)
    if footer:
        notes = (*notes, f"the last line left out: {footer[:40]!r}")
    if again:
        notes = (*notes, f"{len(again)} more lines with the header left out")
    columns: list[Column] = [table[:, i].tolist() for i in range(len(layout.names))]
    return Cells(
        source,
        layout.names,
        tuple(columns),
        numbers,
        call,
        (*notes, *layout.notes),
        layout.is_metatrader,
    )


def _read_table(source: str, text: str, lines: list[str], layout: Layout) -> np.ndarray:
    """Reads all cells [lines, columns], the header included."""
    width = max(line.count(layout.separator) for line in lines) + 1
    if width > _MAX_COLUMNS:
        raise UserError(f"{source}: {width:,} columns, expected at most {_MAX_COLUMNS:,}.")
    try:
        if '"' in text:  # pandas reads `"12"3` as 123
            collections.deque(
                csv.reader(
                    io.StringIO(text),
                    delimiter=layout.separator,
                    strict=True,
                    skipinitialspace=True,
                ),
                maxlen=0,
            )
        return read_csv(text, layout.separator, max(width, len(layout.names)))
    except (ValueError, csv.Error) as error:  # pandas.errors.ParserError is a ValueError
        reason = str(error).strip().rpartition("\n")[2]
        raise UserError(f"{source}: not valid CSV: {reason}.") from None


def _find_rows(table: np.ndarray) -> tuple[np.ndarray, str]:
    """Returns the rows that are not empty, and the text of a last line that is no row."""
    filled = np.array([[bool(cell.strip()) for cell in row] for row in table])
    filled = filled.reshape(table.shape)
    kept = np.flatnonzero(filled.any(axis=1))
    if len(kept) > 1 and table.shape[1] > 1 and _is_footer(table[kept[-1]], filled[kept[-1]]):
        return kept[:-1], str(table[kept[-1], 0]).strip()
    return kept, ""


def _is_footer(cells: np.ndarray, filled: np.ndarray) -> bool:
    """Returns whether a line is a sentence alone in the first column."""
    return filled[0] and not filled[1:].any() and bool(re.match(r"\s*[A-Za-z#*]\w*\W", cells[0]))


def _check_lengths(source: str, lines: list[str], numbers: np.ndarray, layout: Layout) -> None:
    """Refuses a row that has fewer cells than the header, as at the end of a broken download."""
    named = len(layout.names)
    for number in numbers:
        line = lines[number - 1]
        count = line.count(layout.separator) + 1
        if '"' in line:
            count = len(next(csv.reader([line], delimiter=layout.separator, skipinitialspace=True)))
        if count < named:
            raise _refuse_length(
                source, int(number), count, named, "complete the row or leave it out."
            )


def _check_width(
    source: str, table: np.ndarray, numbers: np.ndarray, layout: Layout, call: str
) -> None:
    """Refuses a row with a cell beyond the header."""
    named = len(layout.names)
    is_long = (table[:, named:] != "").any(axis=1)
    if not is_long.any():
        return
    row = int(np.flatnonzero(is_long)[0])
    count = int(np.flatnonzero(table[row] != "")[-1]) + 1
    hint = "complete the row or leave it out."
    if is_long.all() and not any(compact(name) in DATES for name in layout.names):
        recipe = write_recipe(source, f"{call}.reset_index(names='Date')")
        hint = f"if the header lacks the name of the first column, {recipe}"
    elif is_long.all():
        hint = "and so in every row: perhaps commas are decimal signs too; save with semicolons."
    raise _refuse_length(source, int(numbers[row]), count, named, hint)


def _refuse_length(source: str, number: int, count: int, named: int, hint: str) -> UserError:
    return UserError(
        f"{source}, row {number}: {count} cells, expected {named}, one for each column of the "
        f"header; {hint}"
    )
