"""Functions of modules that load on demand are those modules' own."""

import sys

import numpy as np
import pytest

from pgat_jax.data import on_demand, parquet, sky
from pgat_jax.errors import UserError

DAYS = np.array(["2018-01-01", "2018-01-02"], "datetime64[D]")


def test_the_sky_is_that_of_the_ephemeris(monkeypatch):
    monkeypatch.setattr(sky, "compute_celestial_columns", lambda dates: {"a": dates})
    assert on_demand.compute_sky(DAYS) == {"a": DAYS}


def test_parquet_goes_there_and_back():
    content = on_demand.encode_parquet(["date", "a"], DAYS, np.ones((2, 1)))
    assert content == parquet.encode(["date", "a"], DAYS, np.ones((2, 1)))
    names, columns = zip(*on_demand.read_parquet("t", content))
    assert names == ("date", "a") and np.array_equal(columns[0], DAYS)


def test_a_text_is_read_as_the_cells_that_are_there():
    text = 'Date, Open\n\n2020-01-01,1.50,\n"a, b"\n'
    cells = on_demand.read_csv(text, ",", 3)
    assert cells.tolist() == [
        ["Date", "Open", ""],
        ["", "", ""],
        ["2020-01-01", "1.50", ""],
        ["a, b", "", ""],
    ]
    with pytest.raises(ValueError, match="EOF inside string"):
        on_demand.read_csv('a,"b\n', ",", 2)


def test_without_pyarrow_the_way_out_is_named(monkeypatch):
    on_demand.require_pyarrow("t.parquet", "give a CSV file")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError) as error:
        on_demand.read_parquet("t.parquet", b"PAR1")
    assert str(error.value) == (
        "t.parquet: Parquet needs the package pyarrow: pip install 'pgat_jax[parquet]', or give a "
        "CSV file."
    )
