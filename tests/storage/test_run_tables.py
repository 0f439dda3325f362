"""Runs as tables of text."""

import shutil

import pytest

from pgat_jax.storage.run_tables import tabulate_comparison, tabulate_run, tabulate_runs
from pgat_jax.storage.summary import summarise_run


@pytest.fixture
def run(make_run, tmp_path):
    run = shutil.copytree(make_run("mse"), tmp_path / "a\x1b[2J")
    (run / "scores.json").unlink(missing_ok=True)
    return run


def test_a_run_is_a_row_with_its_facts_and_no_control_characters(run):
    table = tabulate_runs([summarise_run(run)])
    (row,) = table.rows
    assert len(row) == len(table.heads)
    assert row[0] == "a\\x1b[2J"
    assert row[2:7] == ["tiny-mse", "nasdaq", "0 of 500", "1.0000", "–"]


def test_one_run_is_a_row_for_each_fact(run):
    rows = dict(tabulate_run(run).rows)
    assert rows["steps"] == "0 of 500" and rows["coverage of the 90% band"] == "not measured"


def test_two_runs_are_two_columns(run):
    table = tabulate_comparison(run, run)
    assert table.heads == ["", "a\\x1b[2J", "a\\x1b[2J"]
    assert ["steps", "0 of 500", "0 of 500"] in table.rows
