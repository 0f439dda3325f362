"""Finds where the cells of a text file are: separator, header, and the lines around the rows."""

import csv
import re
from typing import NamedTuple

from pgat_jax.data.columns import KNOWN, PRICES, TARGETS, TIME_DELTA
from pgat_jax.data.user_files.recipes import write_recipe
from pgat_jax.data.user_files.synonyms import ADJUSTED, DATES, PRICE_OF, compact, split_instrument
from pgat_jax.errors import UserError

# Separator -> its name in messages.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# The lines at the start in which the header is looked for.
_START = 60
# The fewest names of a header that must be known.
_FEWEST = 2
_EXCEL = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_DOTTED_DAY = re.compile(r"\d{4}\.\d{1,2}\.\d{1,2}")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_KLINES = (
    "Open time",
    "Open",
    "High",
    "Low",
    "Close",
    "Volume",
    "Close time",
    "Quote asset volume",
    "Number of trades",
    "Taker buy base asset volume",
    "Taker buy quote asset volume",
    "Ignore",
)
# What Binance's first column has: milliseconds, or microseconds since 2025.
_KLINE_TIME = re.compile(r"\d{13}|\d{16}")
_SHOWN = 80


class Layout(NamedTuple):
    """Where the cells of a text file are.

    Attributes:
        separator: the character between cells.
        names: the names of the columns; `Unnamed: 3` for the one at index 3 that has no name.
        names_line: the line of the names, from 0; None if `names` are not those of a line.
        first: the line of the first row, from 0.
        notes: how the layout was found, for the user.
        is_metatrader: whether MetaTrader wrote the file, which always writes decimal points.
    """

    separator: str
    names: tuple[str, ...]
    names_line: int | None
    first: int
    notes: tuple[str, ...]
    is_metatrader: bool = False

    def write_call(self, source: str, encoding: str) -> str:
        """Returns the call of pandas that reads the same cells as text.

        Args:
            source: the path of the file.
            encoding: Python's name of its encoding.
        """
        skipped = [i for i in range(self.first) if i != self.names_line]
        words = [repr(source)]
        words += [f"sep={self.separator!r}"] if self.separator != "," else []
        words += [f"encoding={encoding!r}"] if encoding != "utf-8-sig" else []
        words += [f"names={list(self.names)}"] if self.names_line is None else []
        words += [f"skiprows={skipped}"] if skipped else []
        return f"pd.read_csv({', '.join([*words, 'dtype=str'])})"


def find_layout(where: str, text: str, encoding: str) -> Layout:
    """Finds the separator, the header and the first row of a text.

    Args:
        where: the file, for error messages.
        text: the text of the file.
        encoding: Python's name of its encoding.

    Raises:
        UserError: no header is found, and the layout is not one that has none.
    """
    lines = text.split("\n", _START)[:_START]
    excel = _EXCEL.fullmatch(lines[0].strip())
    separators = [excel[1]] if excel else list(SEPARATORS)
    tables = {s: list(csv.reader(lines, delimiter=s, skipinitialspace=True)) for s in separators}
    best = max(
        ((_score(row), s, i) for s, rows in tables.items() for i, row in enumerate(rows)),
        key=lambda found: found[0],
    )
    score, separator, line = best
    if score < _FEWEST:
        return _find_nameless(where, tables, encoding)
    return _with_header(where, tables[separator], separator, line, bool(excel))


def _score(row: list[str]) -> int:
    """Counts the different columns that the cells of a line name."""
    return len({role for cell in row if (role := _role(cell))})


def _role(cell: str) -> str | None:
    if not any(map(str.isalpha, cell)):
        return None
    key = compact(cell)
    if key in DATES:
        return "Date"
    lower = cell.strip().lower()
    if parts := split_instrument(cell.strip()):
        return parts[0]
    is_own = lower in KNOWN or any(lower == name.lower() for name in (*TARGETS, TIME_DELTA))
    return PRICE_OF.get(key) or ADJUSTED.get(key) or (lower if is_own else None)


def _with_header(
    where: str, rows: list[list[str]], separator: str, line: int, is_excel: bool
) -> Layout:
    names = _strip_names(rows[line])
    first = line + 1
    notes = [f"separated by {SEPARATORS.get(separator, repr(separator))}"] * (separator != ",")
    above = sum(any(rows[i]) for i in range(line)) - is_excel
    for i in range(first, min(first + 2, len(rows))):  # yfinance: names, tickers, `Date`
        cells = [cell.strip() for cell in rows[i]]
        if cells and compact(cells[0]) in DATES and not any(cells[1:]):
            _check_one_ticker(where, rows[max(0, line - 1) : i], line - max(0, line - 1))
            notes.append("three header lines as of yfinance")
            return Layout(separator, (cells[0], *names[1:]), None, i + 1, tuple(notes))
    _check_above(where, rows[:line], names)
    if above > 0:
        notes.append(f"{above} line{'s' * (above > 1)} above the header left out")
    if first < len(rows) and _is_ticker_row(rows[first], names):
        notes.append(f"line {first + 1} with the ticker left out")
        first += 1
    is_plain = [*names] == rows[line][: len(names)]
    is_metatrader = any(re.fullmatch(r"<\w+>", name) for name in names)
    names_line = line if is_plain else None
    return Layout(separator, names, names_line, first, tuple(notes), is_metatrader)


def _check_above(where: str, rows: list[list[str]], names: tuple[str, ...]) -> None:
    """Refuses a line above the header that is a row of the table."""
    for i, cells in enumerate(rows):
        numbers = sum(bool(_NUMBER.fullmatch(cell.strip())) for cell in cells)
        if len(cells) == len(names) and numbers >= min(4, len(names) - 1):
            raise UserError(
                f"{where}, row {i + 1}: a row above the header, got {','.join(cells)[:_SHOWN]!r}: "
                "expected the names of the columns in the first line: move it there."
            )


def _strip_names(cells: list[str]) -> tuple[str, ...]:
    """Returns the names as pandas gives them, without spaces around and empty ones at the end."""
    names = [cell.strip() for cell in cells]
    while not names[-1]:
        names.pop()
    return tuple(name or f"Unnamed: {i}" for i, name in enumerate(names))


def _check_one_ticker(where: str, rows: list[list[str]], line: int) -> None:
    """Refuses a header of several lines, one of which names several tickers."""
    for i, row in enumerate(rows):
        tickers = list(dict.fromkeys(cell.strip() for cell in row[1:] if cell.strip()))
        if i != line and len(tickers) > 1 and len(row) == len(rows[line]):
            read = f"pd.read_csv({where!r}, header={list(range(len(rows)))}, index_col=0)"
            level = f"df.xs({tickers[0]!r}, axis=1, level={i})"
            recipe = write_recipe(where, read, f"df = {level}.rename_axis('Date').reset_index()")
            raise UserError(
                f"{where}: prices of {len(tickers)} instruments ({', '.join(tickers[:5])}), "
                f"expected one: choose it, {recipe}"
            )


def _is_ticker_row(cells: list[str], names: tuple[str, ...]) -> bool:
    """Returns whether a row has one and the same text under every price, and no date."""
    words = {c.strip() for c, n in zip(cells, names) if compact(n) in PRICE_OF}
    dates = [c.strip() for c, n in zip(cells, names) if compact(n) in DATES]
    return len(words) == 1 and not any(dates) and bool(re.search(r"[A-Za-z]", words.pop()))


def _find_nameless(where: str, tables: dict[str, list[list[str]]], encoding: str) -> Layout:
    """Returns the layout of a file without header, if it is MetaTrader's or Binance's."""
    separator, rows = max(tables.items(), key=lambda item: max(map(len, item[1])))
    row = next((cells for cells in rows if any(map(str.strip, cells))), [""])
    cells = [cell.strip() for cell in row]
    names = _name_columns(cells)
    if names:
        notes = [f"separated by {SEPARATORS[separator]}"] * (separator != ",")
        which = "Binance" if names[0] == "Open time" else "MetaTrader"
        notes.append(f"no header: the columns of {which}")
        is_metatrader = which == "MetaTrader"
        return Layout(separator, names, None, rows.index(row), tuple(notes), is_metatrader)
    raise _refuse_nameless(where, cells, separator, encoding)


def _name_columns(cells: list[str]) -> tuple[str, ...] | None:
    if len(cells) == len(_KLINES) and _KLINE_TIME.fullmatch(cells[0]):
        return _KLINES
    has_clock = len(cells) > 1 and bool(_CLOCK.fullmatch(cells[1]))
    numbers = cells[1 + has_clock :]
    if not _DOTTED_DAY.fullmatch(cells[0]) or len(numbers) not in (4, 5, 7):
        return None
    if not all(_NUMBER.fullmatch(cell) for cell in numbers):
        return None
    rest = ("Open", "High", "Low", "Close", "Tick volume", "Real volume", "Spread")
    return ("Date", *(("Clock",) if has_clock else ()), *rest[: len(numbers)])


def _refuse_nameless(where: str, cells: list[str], separator: str, encoding: str) -> UserError:
    shown = separator.join(cells)[:_SHOWN]
    if len(cells) < 5:
        if sum(_role(name) is not None for name in cells[0].split(",")) >= len(PRICES):
            bare = "lambda c: c.replace(chr(34), '')"
            read = f"pd.read_csv({where!r}, quoting=3, dtype=str).rename(columns={bare})"
            recipe = write_recipe(where, f"{read}.replace(chr(34), '', regex=True)")
            return UserError(
                f"{where}: each line stands in quotes as one cell, expected quotes around single "
                f"cells: take them away, {recipe}"
            )
        words = cells[0].split()
        is_spaced = len(words) >= 5 and {compact(w) for w in words} & set(PRICE_OF)
        if is_spaced:
            recipe = write_recipe(where, f"pd.read_csv({where!r}, sep=r'\\s+', dtype=str)")
            return UserError(
                f"{where}: the columns are separated by spaces, expected commas, semicolons or "
                f"tabs: convert it, {recipe}"
            )
        return UserError(
            f"{where}: no table is found, the file begins {shown!r}: expected a header with Date, "
            "Open, High, Low, Close, and a row a day; if that is a message of the vendor, download "
            "the file again."
        )
    if not re.search(r"\d", cells[0]):
        return UserError(
            f"{where}: no line names the prices, the first is {shown!r}, expected Date, Open, "
            "High, Low, Close: write these names into it."
        )
    count = len(cells)
    names = [*("Date", "Open", "High", "Low", "Close"), *(f"other{i}" for i in range(5, count))]
    call = f"pd.read_csv({where!r}, sep={separator!r}, encoding={encoding!r}, header=None, "
    recipe = write_recipe(where, f"{call}names={names}, dtype=str)")
    return UserError(
        f"{where}: no header, the first line is {shown!r}, expected the names Date, Open, High, "
        f"Low, Close; give the columns their names, here in the usual order, {recipe}"
    )
