"""The joined table as a file that reads back to the same table."""

import sys

import numpy as np
import pytest

from pgat_jax import load_config
from pgat_jax.data.export import check_output, export
from pgat_jax.data.source import load_table
from pgat_jax.data.table import take_rows
from pgat_jax.errors import UserError


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_written_table_reads_back_bit_by_bit(tmp_path, suffix, data):
    table, path = take_rows(data.table, 5000, len(data.table)), tmp_path / f"table{suffix}"
    export(table, path)
    again = load_table(load_config("tiny", f"data.source={path}").data)
    assert again.columns == table.columns
    assert np.array_equal(again.dates, table.dates)
    assert np.array_equal(again.prices, table.prices)
    assert np.array_equal(again.values, table.values)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("t.txt", "expected a file name ending in .csv or .parquet"),
        ("no/such/t.csv", "no such folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path, name, what):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=what):
        check_output(tmp_path / name)


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install 'pgat_jax\[parquet\]', or write a .csv"):
        check_output(tmp_path / "t.parquet")
    check_output(tmp_path / "t.csv")
