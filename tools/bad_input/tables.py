"""Damages CSV and Parquet tables, and judges how they are read."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from pgat_jax import load_config
from pgat_jax.data.columns import PRICES
from pgat_jax.data.export import export
from pgat_jax.data.source import load_table
from pgat_jax.data.table import Table, take_rows
from pgat_jax.data.user_files.synonyms import PRICE_OF, compact
from tools.bad_input.calls import Answer, answer
from tools.bad_input.damage import CellRows, at, bytes_damage, cells_damage, places

ROWS = 40
SMALL = (
    *("data.seq_len=8", "data.label_len=4", "data.pred_len=2"),
    *("data.validation_days=2", "data.test_days=2"),
)


@cache
def table() -> Table:
    """Returns the last 40 (`ROWS`) days of the built-in table, always the same object."""
    whole = load_table(load_config("tiny").data)
    return take_rows(whole, len(whole) - ROWS, len(whole))


@cache
def rows(wide: bool) -> tuple[tuple[str, ...], ...]:
    """Returns the last 40 days of the built-in table as cells.

    Args:
        wide: True for all columns of the table; False for the date and the prices.

    Returns:
        Rows of texts; the first is the header.
    """
    names = ("Date", *PRICES, *(table().columns.names if wide else ()))
    values = np.concatenate([table().prices, table().values], 1)[:, : len(names) - 1].tolist()
    lines = [(str(day), *map(repr, row)) for day, row in zip(table().dates, values)]
    return (names, *lines)


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """Draws the content of a CSV file with up to three damages of cells, rows, columns or bytes.

    It may be undamaged. The function is a hypothesis composite: called without `draw`, it returns a
    strategy of such contents.
    """
    cells: CellRows = [list(row) for row in rows(draw(st.booleans()))]
    for _ in range(draw(st.integers(0, 3))):
        cells = draw(cells_damage())(cells)
    content = as_csv(cells)
    if draw(st.integers(0, 3)) == 0:
        content = draw(bytes_damage())(content)
    return content


def as_csv(cells: CellRows) -> bytes:
    """Returns cells as the content of a CSV file.

    Args:
        cells: rows of cells; the first is the header.
    """
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(cells)
    return file.getvalue().encode(errors="surrogatepass")


def read(content: bytes, suffix: str, folder: Path) -> tuple[Answer, Path]:
    """Writes a file and reads it by the command `data` of this program.

    Args:
        content: the content of the file.
        suffix: `.csv` or `.parquet`.
        folder: the folder in which the file is written.

    Returns:
        The status and texts of the command (status 2 if the file is refused), and the path of the
        file.

    Raises:
        AssertionError: the file is refused by a message that does not name it, or as for
            `answer`.
    """
    path = folder / f"table{suffix}"
    path.write_bytes(content)
    found = answer(["data", "--config", "tiny", f"data.source={path}", *SMALL], folder)
    if found.status == 2:
        assert str(path) in found.err, found.err
    return found, path


def judge_csv(content: bytes, folder: Path) -> str:
    """Checks that a CSV file is refused, or read with the dates and prices of the file.

    Args:
        content: the content of the file.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the file is neither refused nor read so.
    """
    found, path = read(content, ".csv", folder)
    if found.status == 2:
        return "refused"
    loaded = load_table(load_config("tiny", f"data.source={path}").data)
    assert_sound(loaded)
    header, *lines = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if row]
    named = [(compact(name), i) for i, name in enumerate(header)]
    counts = [sum(bool(_ISO_DAY.match(cell)) for cell in column) for column in zip(*lines)]
    dates = counts.index(max(counts))  # whatever its name has become
    found = [[i for key, i in named if PRICE_OF.get(key) == price] for price in PRICES]
    plain = dict(reversed(named))  # the first of a name; a plain one comes before its synonyms
    places = [plain.get(price.lower(), of[0]) for price, of in zip(PRICES, found) if of]
    places = places if len(places) == len(PRICES) else []
    stated = {line[dates].strip()[:10]: [line[i] for i in places] for line in lines if any(line)}
    days = [str(day) for day in loaded.dates]
    assert set(days) <= set(stated) and len(stated) - len(days) in (0, 1, 2)
    if places:
        assert np.array_equal(loaded.prices, [list(map(float, stated[day])) for day in days])
    return "accepted, every price as it stands"


def assert_sound(loaded: Table) -> None:
    """Checks what training assumes about a table.

    All values and prices are finite, prices are positive, dates grow, and values are below 1e16.

    Args:
        loaded: the table.

    Raises:
        AssertionError: an assumption is wrong.
    """
    assert np.isfinite(loaded.values).all() and np.isfinite(loaded.prices).all()
    assert (loaded.prices > 0).all() and (np.diff(loaded.dates).astype(int) > 0).all()
    assert np.abs(loaded.values).max() < 1e16


@cache
def parquet_base() -> bytes:
    """Returns a Parquet file as `data --output` writes it, with checksums of its pages."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        export(table(), path)
        return path.read_bytes()


@st.composite
def parquet_bytes(draw: st.DrawFn) -> bytes:
    """Draws a Parquet file whose bytes are damaged.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    contents.
    """
    return draw(bytes_damage())(parquet_base())


def judge_parquet_bytes(content: bytes, folder: Path) -> str:
    """Checks that a damaged Parquet file is refused, or read as it was written.

    Args:
        content: the content of the file.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the file is neither refused nor read so.
    """
    found, path = read(content, ".parquet", folder)
    if found.status == 2:
        return "refused"
    loaded = load_table(load_config("tiny", f"data.source={path}").data)
    same = np.array_equal(loaded.prices, table().prices)
    assert same and np.array_equal(loaded.values, table().values), "accepted with other numbers"
    return "accepted, nothing changed"


@st.composite
def parquet_columns(draw: st.DrawFn) -> bytes:
    """Draws a valid Parquet file with one or two columns of another type.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    contents.
    """
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    names, *lines = rows(False)
    columns: dict[str, object] = {
        name: arrow.array(column) if name == "Date" else arrow.array(map(float, column))
        for name, column in zip(names, zip(*lines))
    }
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from([*names, "log_Open", "dyn_Mars_sin", "time_delta"]))
        place = names.index(name) if name in names else 1
        cells = [line[place] for line in lines]
        columns[name] = draw(strange_column(cells))
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.table(columns), sink)
    return sink.getvalue().to_pybytes()


@st.composite
def strange_column(draw: st.DrawFn, cells: list[str]) -> object:
    """Draws a column of another type: the cells if they fit, some replaced by strange values.

    The function is a hypothesis composite: called without `draw`, it returns a strategy of such
    columns.

    Args:
        draw: given by hypothesis; the caller passes `cells` alone.
        cells: the texts of the column, one for each of the 40 rows.

    Returns:
        A pyarrow array of a type that is drawn too; it may contain nulls.
    """
    import pyarrow as arrow

    make, convert, strange = draw(st.sampled_from(TYPES))
    try:
        found = [convert(cell) for cell in cells]
    except (ValueError, ArithmeticError):
        found = draw(st.lists(strange, min_size=ROWS, max_size=ROWS))
    for _ in range(draw(st.integers(0, 2))):
        found[at(draw(places), found)] = draw(st.none() | strange)
    return arrow.array(found, make(arrow))


def _whole(cell: str) -> int:
    return int(float(cell))


# Type of a column, conversion of a cell, and strange values of the type.
TYPES: list[tuple[Callable, Callable, st.SearchStrategy]] = [
    (lambda a: a.float64(), float, st.floats()),
    (lambda a: a.float32(), float, st.floats(width=32)),
    (lambda a: a.float16(), lambda cell: np.float16(float(cell)), st.just(np.float16(np.nan))),
    (lambda a: a.int64(), _whole, st.integers(-(2**63), 2**63 - 1)),
    (lambda a: a.uint64(), _whole, st.integers(0, 2**64 - 1)),
    (lambda a: a.bool_(), lambda cell: cell > "2", st.booleans()),
    (lambda a: a.string(), str, st.text(st.characters(codec="utf-8"), max_size=8)),
    (lambda a: a.large_string(), str, st.text(st.characters(codec="utf-8"), max_size=8)),
    (lambda a: a.dictionary(a.int32(), a.string()), str, st.just("x")),
    (lambda a: a.binary(), str.encode, st.binary(max_size=8)),
    (lambda a: a.date32(), date.fromisoformat, st.integers(-(2**31), 2**31 - 1)),
    (lambda a: a.date64(), date.fromisoformat, st.dates()),
    (lambda a: a.timestamp("ns"), datetime.fromisoformat, st.integers(-(2**63), 2**63 - 1)),
    (lambda a: a.timestamp("s", "Asia/Tokyo"), datetime.fromisoformat, st.integers(0, 2**40)),
    (lambda a: a.duration("s"), _whole, st.integers(0, 2**40)),
    (lambda a: a.list_(a.float64()), lambda cell: [float(cell)], st.just([])),
    (lambda a: a.decimal128(38, 8), Decimal, st.decimals(-(10**9), 10**9, places=2)),
    (lambda a: a.null(), lambda cell: None, st.none()),
]


def judge_parquet_columns(content: bytes, folder: Path) -> str:
    """Checks that a Parquet file with other types is refused, or read as a sound table.

    Args:
        content: the content of the file.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the file is neither refused nor read so.
    """
    found, path = read(content, ".parquet", folder)
    if found.status == 2:
        return "refused"
    assert_sound(load_table(load_config("tiny", f"data.source={path}").data))
    return "accepted, sound"


_ISO_DAY = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
KINDS: dict[str, tuple[Callable, Callable]] = {
    "CSV table": (csv_files, judge_csv),
    "Parquet table, its bytes": (parquet_bytes, judge_parquet_bytes),
    "Parquet table, its columns": (parquet_columns, judge_parquet_columns),
}
