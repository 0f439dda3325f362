"""Prices that ship inside wheels."""

import gzip
import logging
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from pgat_jax.data import prices
from pgat_jax.data.prices import WHEELS, read_wheel_bytes, read_wheel_rows
from pgat_jax.errors import UserError


@pytest.mark.parametrize(
    ("name", "days", "first", "last"),
    [("nasdaq", 5031, "1999-01-04", "2018-12-31"), ("ibm", 3270, "2000-03-01", "2013-03-01")],
)
def test_the_documented_days_are_there(name, days, first, last, caplog):
    rows = read_wheel_rows(name, read_wheel_bytes(name))
    assert len(rows.dates) == days
    assert rows.dates[[0, -1]].astype(str).tolist() == [first, last]
    assert np.isfinite(rows.prices).all()
    assert not caplog.records, "the files are those that were measured"


def test_the_first_nasdaq_day_reads_as_printed():
    rows = read_wheel_rows("nasdaq", read_wheel_bytes("nasdaq"))
    assert rows.prices[0].tolist() == [2207.540039, 2233.570068, 2192.679932, 2208.050049]


def package_with(monkeypatch, tmp_path, content):
    path = tmp_path / WHEELS["nasdaq"].path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    spec = ModuleSpec("arch", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(prices, "find_spec", lambda name: spec)


def test_another_file_than_the_measured_one_is_read_and_said(monkeypatch, tmp_path, caplog):
    text = "Date,Open,High,Low,Close\n1/4/1999,1,2,1,2\n1/5/1999,2,3,2,3\n"
    package_with(monkeypatch, tmp_path, gzip.compress(text.encode()))
    with caplog.at_level(logging.WARNING):
        rows = read_wheel_rows("nasdaq", read_wheel_bytes("nasdaq"))
    assert rows.prices.tolist() == [[1, 2, 1, 2], [2, 3, 2, 3]]
    assert "sha256 differs" in caplog.text


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1/4/1999,1,2,1,2", "row 3, column 'Date': 1999-01-04 occurs twice"),
        ("1/5/1999,1,2,3,2", "row 3, column 'High': got 2, expected at least Low (3)"),
        ("1/5/1999,0,2,1,2", "row 3, column 'Open': got 0, expected a price above zero"),
        ("1/5/1999,nan,2,1,2", "row 3, column 'Open': got nan, expected a price above zero"),
    ],
)
def test_a_shipped_file_is_checked_as_any_other(monkeypatch, tmp_path, line, what):
    text = f"Date,Open,High,Low,Close\n1/4/1999,1,2,1,2\n{line}\n"
    package_with(monkeypatch, tmp_path, gzip.compress(text.encode()))
    with pytest.raises(UserError) as refusal:
        read_wheel_rows("nasdaq", read_wheel_bytes("nasdaq"))
    assert str(refusal.value).startswith(f"data.source=nasdaq, {what}")


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(prices, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install bokeh_sampledata"):
        read_wheel_bytes("ibm")
