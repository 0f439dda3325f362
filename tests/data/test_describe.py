"""The ``data`` verb."""

import pytest

from pgat_jax import load_config
from pgat_jax.data.describe import describe
from pgat_jax.errors import UserError


@pytest.fixture
def shown(capsys, monkeypatch):
    """What ``describe`` prints, spaces and wrapping reduced to single spaces."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*overrides, output=None):
        describe(load_config("tiny", *overrides), output)
        return " ".join(capsys.readouterr().out.split())

    return run


def test_it_shows_rows_columns_gaps_and_splits(shown):
    text = shown()
    for expected in (
        "rows 5,030, 1999-01-05 to 2018-12-31",
        "columns 118 (celestial: computed from DE421)",
        "constant columns left out none",
        "mars 10 dyn_Mars_: sin, cos, speed, sign_sin, sign_cos, distance, lat, shadbala, dec",
        "north_node 5 dyn_Mean Rahu_: sin, cos, speed, sign_sin, sign_cos",
        "3 days apart 910 rows",
        "longest gaps 7 days to 2001-09-17",
        "trading days (XNYS) without a row 0",
        "train 4,930 1999-01-05 2018-08-07 4,912",
        "validation 50 2018-08-08 2018-10-17 48",
        "test 50 2018-10-18 2018-12-31 48",
    ):
        assert expected in text


def test_it_names_gaps_in_a_users_table(shown, prices_csv):
    path = prices_csv(change=lambda lines: lines.__delitem__(100))
    assert "trading days (XNYS) without a row 1: 2018-08-08" in shown(f"data.source={path}")


def test_the_written_header_is_date_prices_and_the_118_columns(shown, tmp_path, data):
    assert "5,030 rows written to" in shown(output=tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0].split(",") == ["date", "Open", "High", "Low", "Close", *data.columns.names]
    assert lines[1].startswith("1999-01-05,2207.75,2251.77002,2206.48999,2251.27002,")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("t.txt", "expected a file name ending in .csv or .parquet"),
        ("no/such/t.csv", "no such folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_any_work(tmp_path, name, what, capsys):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=what):
        describe(load_config("tiny"), tmp_path / name)
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]
