"""Users' files: what is read, and the one clear error of each bad input."""

import re

import numpy as np
import pytest

from pgat_jax.data.columns import KNOWN, SLOTS
from pgat_jax.errors import UserError
from pgat_jax.names import BODIES
from tests.data.files import load, put, refused, table_of

# What is read.


def test_a_date_and_four_prices_suffice(prices_csv, data):
    table = load(prices_csv(rows=200)).table
    assert table.computed_sky
    assert len(table) == 199
    assert np.array_equal(table.dates, data.table.dates[-199:])
    assert np.array_equal(table.prices, data.table.prices[-199:])
    assert table.columns == data.columns
    assert table.values == pytest.approx(data.table.values[-199:], abs=1e-9)


def test_headers_are_read_in_any_case_and_order(prices_csv):
    plain = load(prices_csv()).table

    def reverse(lines):
        lines[:] = [line[::-1] for line in lines]

    again = load(prices_csv(change=reverse, header="CLOSE,low, High ,open,date")).table
    assert again.hash == plain.hash


def test_volume_is_left_out_and_said(prices_csv):
    def add(lines):
        lines[:] = [[*line, "1000", "3.5"] for line in lines]

    table = load(prices_csv(change=add, header="Date,Open,High,Low,Close,Volume,Adj Close")).table
    assert "read as: without Volume, Adj Close." in table.notes


@pytest.mark.parametrize("ending", [" 00:00:00", "T00:00:00", " 00:00:00-05:00"])
def test_times_of_day_are_left_out(prices_csv, ending, data):
    def add(lines):
        lines[:] = [[line[0] + ending, *line[1:]] for line in lines]

    assert np.array_equal(load(prices_csv(change=add)).table.dates, data.table.dates[-199:])


@pytest.mark.parametrize("kind", ["text", "date32", "timestamp"])
def test_parquet_reads_as_csv_does(prices_csv, kind, tmp_path):
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    path = prices_csv()
    lines = [line.split(",") for line in path.read_text().splitlines()]
    days = [line[0] for line in lines[1:]]
    types = {
        "text": arrow.array(days),
        "date32": arrow.array(np.array(days, "datetime64[D]")),
        "timestamp": arrow.array(np.array(days, "datetime64[ns]")),
    }
    prices = np.array([line[1:] for line in lines[1:]], float).T
    columns = {"Date": types[kind]} | dict(zip(lines[0][1:], prices))
    parquet.write_table(arrow.table(columns), tmp_path / "t.parquet")
    assert load(tmp_path / "t.parquet").table.hash == load(path).table.hash


# The original layout: no Chiron, no _dec or _elong_cos, a natal chart that never changes.

NATAL = [point for point in SLOTS if point != "Chiron"]


def original_names(data):
    moving = [
        column.name
        for column in map(KNOWN.get, map(str.lower, data.columns.names[5:]))
        if column.point != "Chiron" and column.feature not in ("dec", "elong_cos")
    ]
    return moving, [f"{point}_{part}" for point in NATAL for part in ("sin", "cos")]


@pytest.fixture
def original(prices_csv, data):
    """A file of the original layout, and its natal columns."""
    moving, natal = original_names(data)
    places = [data.columns.names.index(name) for name in moving]

    def change(lines):
        values = data.table.values[-len(lines) :]
        for line, row in zip(lines, values):
            line[1:] = [repr(float(v)) for v in (*row[:5], *row[places], *([0.6, 0.8] * 13))]

    header = ",".join(["date", *data.columns.names[:5], *moving, *natal])
    return prices_csv(change=change, header=header), natal


def test_the_original_layout_loads_without_its_constant_columns(original, data, caplog):
    path, natal = original
    assert len(path.read_text().splitlines()[0].split(",")) == 1 + 118
    found = load(path)
    assert "26 columns never change in the training rows, and are left out" in caplog.text
    assert all(name in caplog.text for name in natal)
    assert len(natal) == 26
    assert set(found.table.dropped) == set(natal)
    assert len(found.columns.names) == 92
    assert not found.table.computed_sky
    assert found.columns.of_body(BODIES.index("chiron")) == ()
    assert len(found.table) == 200, "returns and time_delta are stated, so the first row stays"
    shared = [data.columns.names.index(name) for name in found.columns.names]
    assert np.array_equal(found.table.values, data.table.values[-200:, shared])


def test_constant_columns_are_kept_on_request(original):
    path, _ = original
    found = load(path, "data.keep_constant=true")
    assert found.table.dropped == ()
    assert len(found.columns.names) == 118
    chiron = [found.columns.names[i] for i in found.columns.of_body(BODIES.index("chiron"))]
    assert chiron == ["Ascendant_sin", "Ascendant_cos"]
    assert np.isfinite(found.device_table.values).all()


def test_the_order_of_a_files_columns_does_not_matter(original):
    path, _ = original
    plain = load(path).table.hash
    lines = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join(line[::-1]) for line in lines))
    assert load(path).table.hash == plain


def test_the_sky_after_the_end_continues_the_tables_own(original, data):
    own = load(original[0])
    batch, days = own.window_at(len(own.table) - 1)
    wide, same_days = data.window_at(len(data.table) - 1)
    assert np.array_equal(days, same_days)
    places = [data.columns.names.index(name) - 4 for name in own.columns.names[4:]]
    unscaled = np.asarray(batch.known[0]) * own.scaler.std[4:] + own.scaler.mean[4:]
    expected = np.asarray(wide.known[0]) * data.scaler.std[4:] + data.scaler.mean[4:]
    assert np.abs(unscaled - expected[:, places]).max() < 2e-3


def test_a_sky_that_only_the_table_knows_is_not_invented(original):
    path, _ = original
    lines = [line.split(",") for line in path.read_text().splitlines()]
    place = lines[0].index("dyn_Mars_speed")
    for line in lines[1:]:
        line[place] = repr(float(line[place]) + 0.5)
    path.write_text("\n".join(map(",".join, lines)))
    found = load(path)
    with pytest.raises(UserError, match=r"only this table contains: dyn_Mars_speed"):
        found.window_at(len(found.table) - 1)
    assert found.window_at(len(found.table) - 1 - found.config.pred_len)


def test_pairs_that_are_no_sine_and_cosine_are_said(original):
    path, _ = original
    assert len(table_of(path).notes) == 1
    path.write_text(path.read_text().replace(",0.6,0.8", ",0.6,0.9", 1))
    said = "not on the unit circle, so only their angle counts as a phase: Sun."
    assert said in table_of(path).notes


@pytest.mark.parametrize(("row", "day"), [(1, "1869-12-31"), (-1, "2100-01-01")])
def test_a_table_with_its_own_sky_needs_only_a_calendar(original, row, day):
    path, _ = original
    lines = path.read_text().splitlines()
    lines[row] = day + lines[row][10:]
    path.write_text("\n".join(lines))
    assert f"{day} lies outside the calendar, which covers 1870-01-01 to" in refused(path)


# What is refused.


@pytest.mark.parametrize(
    ("change", "row", "column", "what"),
    [
        (put(3, 0, ""), 5, "Date", "is empty, expected a date"),
        (put(3, 0, "1/2/2018"), 5, "Date", "got '1/2/2018', expected a date YYYY-MM-DD"),
        (put(3, 0, "2018-13-01"), 5, "Date", "got '2018-13-01', expected a date YYYY-MM-DD"),
        (put(3, 0, "2018-02-30"), 5, "Date", "got '2018-02-30', expected a date YYYY-MM-DD"),
        (put(3, 0, "20180102"), 5, "Date", "got '20180102', expected a date YYYY-MM-DD"),
        (put(3, 0, "1790-01-01"), 5, "Date", "1790-01-01 is earlier than"),
        (put(0, 0, "1890-01-01"), 2, "Date", "1890-01-01 lies outside the ephemeris DE421"),
        (put(199, 0, "2070-01-01"), 201, "Date", "2070-01-01 lies outside the ephemeris"),
        (put(3, 1, "abc"), 5, "Open", "got 'abc', expected a number"),
        (put(3, 1, "1_5"), 5, "Open", "got '1_5', expected a number"),
        (put(3, 1, "٣"), 5, "Open", "got '٣', expected a number"),
        (put(3, 2, ""), 5, "High", "is empty, expected a number"),
        (put(3, 3, "nan"), 5, "Low", "is empty, expected a number"),
        (put(3, 3, "-inf"), 5, "Low", "got -inf, expected a finite number"),
        (put(3, 3, "1e999"), 5, "Low", "got inf, expected a finite number"),
        (put(3, 4, "0"), 5, "Close", "got 0, expected a price above zero"),
        (put(3, 4, "-7.5"), 5, "Close", "got -7.5, expected a price above zero"),
        (put(3, 2, "1.25"), 5, "High", "got 1.25, expected at least Low ("),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_column(prices_csv, change, row, column, what):
    path = prices_csv(rows=200, change=change)
    assert refused(path).startswith(f"{path}, row {row}, column '{column}': {what}")


def test_a_date_that_stands_twice_is_named(prices_csv):
    def twice(lines):
        lines[7][0] = lines[6][0]

    path = prices_csv(change=twice)
    assert re.search(r"prices.csv, row 9, column 'Date': \S+ occurs twice:", refused(path))


def test_unsorted_dates_are_named(prices_csv):
    def swap(lines):
        lines[3], lines[4] = lines[4], lines[3]

    path = prices_csv(change=swap)
    assert re.search(r"row 6, column 'Date': \S+ is earlier than \S+ in the row", refused(path))


def test_what_looks_wrong_is_a_warning_of_the_table(prices_csv):
    def quarter(lines):
        for line in lines[100:]:
            line[1:] = [repr(float(price) / 4) for price in line[1:]]

    (warning,) = table_of(prices_csv(change=quarter)).warnings
    assert "a split, or prices that are not adjusted?" in warning


def test_a_last_row_without_volume_is_judged(prices_csv):
    def stop(lines):
        for line in lines:
            line.append("100")
        lines[-1][1:] = [lines[-1][4]] * 4 + ["0"]

    (warning,) = table_of(prices_csv(change=stop, header="Date,Open,High,Low,Close,Vol")).warnings
    assert "has one price and no volume" in warning


def test_too_few_rows_for_one_window_are_counted(prices_csv):
    path = prices_csv(rows=100)
    assert f"{path}: 99 usable rows, expected at least 119: data.seq_len (16)" in refused(path)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_header_alone_or_one_row_is_refused(prices_csv, rows, data):
    path = prices_csv(change=lambda lines: lines.__delitem__(slice(rows, None)))
    assert refused(path).startswith(f"{path}: " + ("one row" if rows else "a header without rows"))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("Date,Open,High,Low,Close,dyn_Mrs_sin", "unknown (did you mean 'dyn_Mars_sin'?)"),
        ("Date,Open,High,Low,Clos", "missing column 'Close'"),
        ("Date,Open,High,Low", "missing column 'Close'"),
        ("Open,High,Low,Close", "missing column 'Date'"),
        ("Date,time_delta", "missing column 'Open' (and 3 more: High, Low, Close)"),
        ("Date,log_Open,log_High", "missing column 'log_Low' (and 1 more: log_Close)"),
        ("Date,Open,High,Low,Close,dyn_Mars_sin", "missing column 'dyn_Mars_cos'"),
        ("Date,Open,High,Low,Close,dyn_Mars_sign_cos", "missing column 'dyn_Mars_sign_sin'"),
        ("Date,Open,High,Low,Close,close", "column 'close' occurs twice (columns 5 and 6)"),
        (
            "Date,Open,High,Low,Close,Chiron_sin,Chiron_cos,Ascendant_sin,Ascendant_cos",
            "columns of both Chiron and the Ascendant",
        ),
    ],
)
def test_a_bad_header_is_named(prices_csv, header, what):
    width = header.count(",") + 1
    path = prices_csv(
        change=lambda lines: lines.__setitem__(
            slice(None), [[line[0], *["1"] * (width - 1)] for line in lines]
        ),
        header=header,
    )
    message = refused(path)
    assert message.startswith(f"{path}: ")
    assert what in message


def test_nothing_is_cached_of_a_refused_file(prices_csv, cache_folder):
    before = set(cache_folder.iterdir())
    refused(prices_csv(change=put(3, 1, "abc")))
    assert set(cache_folder.iterdir()) == before
