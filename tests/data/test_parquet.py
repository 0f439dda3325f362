"""Parquet: what is written is read back, and other types of columns are refused."""

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet as pyarrow_parquet

from pgat_jax.data import parquet
from pgat_jax.data.cells import MAX_ROWS
from pgat_jax.errors import UserError

DAYS = np.arange("2018-01-01", "2018-01-04", dtype="datetime64[D]")
VALUES = np.array([[1.0, 0.1], [2.0, 1 / 3], [3.0, 1e-300]])


def encode_columns(**columns) -> bytes:
    sink = arrow.BufferOutputStream()
    pyarrow_parquet.write_table(arrow.table(columns), sink)
    return sink.getvalue().to_pybytes()


def test_what_is_encoded_is_read_back_bit_by_bit():
    cells = parquet.read("t.parquet", parquet.encode(["date", "a", "b"], DAYS, VALUES))
    assert list(cells.columns) == ["date", "a", "b"] and list(cells.lines) == [1, 2, 3]
    assert np.array_equal(cells.dates("date"), DAYS)
    assert np.array_equal(cells.numbers("a"), VALUES[:, 0])
    assert np.array_equal(cells.numbers("b"), VALUES[:, 1])


def test_a_changed_byte_of_a_page_is_found():
    content = bytearray(parquet.encode(["date", "a", "b"], DAYS, VALUES))
    content[content.index(VALUES[:, 0].tobytes()[6:8])] ^= 1
    with pytest.raises(UserError, match=r"t\.parquet: not a Parquet file \("):
        parquet.read("t.parquet", bytes(content))


def test_integers_text_and_decimals_are_read():
    content = encode_columns(a=[1, 2], b=["x", None], c=arrow.array([1.5, 2.5], arrow.float32()))
    cells = parquet.read("t", content)
    assert cells.numbers("a").tolist() == [1.0, 2.0]
    assert list(cells.columns["b"]) == ["x", None]
    assert cells.numbers("c").tolist() == [1.5, 2.5]


def test_other_types_and_empty_cells_are_named():
    with pytest.raises(UserError, match="column 'a': got type bool, expected numbers, dates or"):
        parquet.read("t", encode_columns(a=[True]))
    with pytest.raises(UserError, match="row 2, column 'a': is empty, expected a number"):
        parquet.read("t", encode_columns(a=[1.0, None]))


def test_too_many_rows_are_counted_and_not_read():
    cells = parquet.read("t", encode_columns(a=np.zeros(MAX_ROWS + 1)))
    assert len(cells.lines) == MAX_ROWS + 1 and cells.columns == {}
