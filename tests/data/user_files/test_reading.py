"""Files as columns of cells: what is not such a file is refused."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgat_jax.errors import UserError
from tests.data.files import load, refused, table_of


def test_byte_order_mark_blank_lines_and_windows_endings_are_harmless(prices_csv):
    path = prices_csv()
    plain = load(path).table.hash
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert load(path).table.hash == plain


def test_a_ragged_row_is_named(prices_csv):
    path = prices_csv(change=lambda lines: lines[4].append("9"))
    assert (
        "row 6: 6 cells, expected 5, one for each column of the header; complete the row"
        in refused(path)
    )
    path = prices_csv(change=lambda lines: lines[-1].pop())
    assert (
        "row 201: 4 cells, expected 5, one for each column of the header; complete the row"
        in refused(path)
    )


def test_a_last_line_that_is_a_sentence_is_left_out_and_said(prices_csv):
    path = prices_csv()
    plain = load(path).table.hash
    path.write_text(path.read_text() + "Downloaded from somewhere\n")
    assert load(path).table.hash == plain
    assert any("the last line left out: 'Downloaded from" in n for n in table_of(path).notes)


def test_a_file_of_too_many_columns_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Date,Open,High,Low,Close" + "," * 3000 + "\n1\n")
    assert "3,005 columns, expected at most 2,000" in refused(path)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_recognised(prices_csv, delimiter):
    path = prices_csv()
    plain = load(path).table.hash
    path.write_text(path.read_text().replace(",", delimiter))
    assert load(path).table.hash == plain


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b" \n\n ", "the file is empty"),
        (b'""\n""\n', "no table is found"),
        (bytes(range(256)) * 8, "not a text file"),
        (b"Date,Open\0,High\n", "it contains NUL bytes"),
        ("Date,Open\n".encode("utf-16"), "a header without rows"),
        (b"Date,Open,High,Low,Close\n", "a header without rows"),
        (b'Date,Open,High,Low,Close\n2020-01-01,"1"2,2,3,4\n', "not valid CSV"),
        (b'Date,Open,High,Low,Close\n2020-01-01,"1,2,3,4\n', "not valid CSV"),
    ],
)
def test_what_is_not_a_csv_file_is_refused(tmp_path, content, what):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    message = refused(path)
    assert str(path) in message
    assert what in message


@pytest.mark.parametrize("content", [b"PAR1" + bytes(64), b"Date,Open\n1,2\n"])
def test_what_is_not_a_parquet_file_is_refused(tmp_path, content):
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    assert refused(path).startswith(f"{path}: not a Parquet file")


def test_bad_cells_of_a_parquet_file_are_named(tmp_path):
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    path = tmp_path / "t.parquet"
    days = arrow.array(np.arange("2018-01-01", "2018-01-04", dtype="datetime64[D]"))
    good = arrow.array([1.0, 1.0, 1.0])

    def write(**changed):
        columns = dict.fromkeys(("Open", "High", "Low", "Close"), good) | {"Date": days} | changed
        parquet.write_table(arrow.table(columns), path)
        return refused(path)

    assert "row 2, column 'Open': is empty" in write(Open=arrow.array([1.0, None, 1.0]))
    assert "row 3, column 'Low': is empty" in write(Low=arrow.array([1.0, 1.0, np.nan]))
    assert "row 2, column 'Date': is empty" in write(Date=arrow.array([days[0], None, days[2]]))
    assert "column 'Open': got type bool" in write(Open=arrow.array([True, False, True]))
    assert "column 'Date': got '1', expected a date" in write(Date=good)
    assert "row 1, column 'Low': got 2018-01-01" in write(Low=days)


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert "pip install 'pgat_jax[parquet]'" in refused(path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), junk=st.binary(max_size=12), cut=st.integers(0, 40))
def test_no_harmed_file_raises_anything_but_one_sentence(prices_csv, place, junk, cut):
    """Bytes are cut out of a good file and others put in: it loads, or is refused."""
    path = prices_csv(rows=140)
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + junk + content[at + cut :])
    try:
        table = table_of(path)
    except UserError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(table.values).all()
        assert np.isfinite(table.prices).all()
