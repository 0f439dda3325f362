"""Parquet: what is written is read back, and other types of columns are refused."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet as pyarrow_parquet

from pgat_jax.data import parquet
from pgat_jax.data.rows import MAX_ROWS
from pgat_jax.errors import UserError

DAYS = np.arange("2018-01-01", "2018-01-04", dtype="datetime64[D]")
VALUES = np.array([[1.0, 0.1], [2.0, 1 / 3], [3.0, 1e-300]])


def encode_columns(**columns) -> bytes:
    sink = arrow.BufferOutputStream()
    pyarrow_parquet.write_table(arrow.table(columns), sink)
    return sink.getvalue().to_pybytes()


def read(content: bytes) -> dict:
    return dict(parquet.read("t", content))


def test_what_is_encoded_is_read_back_bit_by_bit():
    columns = read(parquet.encode(["date", "a", "b"], DAYS, VALUES))
    assert list(columns) == ["date", "a", "b"]
    assert np.array_equal(columns["date"], DAYS)
    assert np.array_equal(columns["a"], VALUES[:, 0])
    assert np.array_equal(columns["b"], VALUES[:, 1])


def test_a_changed_byte_of_a_page_is_found():
    content = bytearray(parquet.encode(["date", "a", "b"], DAYS, VALUES))
    content[content.index(VALUES[:, 0].tobytes()[6:8])] ^= 1
    with pytest.raises(UserError, match=r"t\.parquet: not a Parquet file \("):
        parquet.read("t.parquet", bytes(content))


def test_integers_text_and_decimals_are_read_and_empty_cells_are_nan():
    content = encode_columns(
        a=[1, 2],
        b=["x", None],
        c=arrow.array([1.5, None], arrow.float32()),
        d=[Decimal("1.25")] * 2,
    )
    columns = read(content)
    assert columns["a"].tolist() == [1.0, 2.0]
    assert list(columns["b"]) == ["x", None]
    assert columns["c"][0] == 1.5 and np.isnan(columns["c"][1])
    assert columns["d"].tolist() == [1.25, 1.25]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "UTC"])
def test_times_of_a_zone_are_its_local_times(zone):
    days = [datetime(2018, 1, day, tzinfo=ZoneInfo(zone)) for day in (2, 3)]
    found = read(encode_columns(a=arrow.array(days, arrow.timestamp("ns", zone))))["a"]
    midnights = np.array(["2018-01-02", "2018-01-03"], "datetime64[us]")
    assert np.array_equal(found, midnights)


def test_categories_are_their_texts_and_other_types_are_named():
    columns = read(encode_columns(a=[True], b=arrow.array(["x"]).dictionary_encode(), c=[[1.0]]))
    assert columns["a"] == "bool" and list(columns["b"]) == ["x"]
    assert columns["c"].startswith("list<")


def test_too_many_rows_are_counted_and_not_read():
    with pytest.raises(UserError, match="100,001 rows, expected at most 100,000"):
        parquet.read("t", encode_columns(a=np.zeros(MAX_ROWS + 1)))
