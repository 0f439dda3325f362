"""Rows that a run never saw: after its own, whole or few, with or without the user's old table."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.data.table import take_rows
from pgat_jax.errors import UserError
from pgat_jax.forecasting.new_rows import find_last_seen, load_new_rows, split_after
from pgat_jax.storage.loaded_run import load_run

SHORT = 400


@pytest.fixture(scope="module")
def whole(make_run):
    return load_run(make_run("nll"))


@pytest.fixture(scope="module")
def run(whole):
    """A run whose table ends before that of the built-in source."""
    short = take_rows(whole.data.table, 1, SHORT)
    run = dataclasses.replace(whole)
    run.__dict__["data"] = whole.prepare(short)
    return run


@pytest.fixture
def write(whole, tmp_path):
    def write_rows(start: int, stop: int, factor: float = 1.0) -> str:
        table = whole.data.table
        frame = pd.DataFrame(factor * table.prices[start:stop], columns=list(PRICES))
        frame.insert(0, "Date", table.dates[start:stop].astype(str))
        frame.to_csv(tmp_path / "new.csv", index=False)
        return str(tmp_path / "new.csv")

    return write_rows


def test_a_table_that_has_grown_stands_for_itself(run, write):
    said = []
    rows = load_new_rows(run, write(0, SHORT + 5), said.append)
    assert (len(rows.table), said) == (SHORT + 4, [])
    assert rows.scaler is run.scaler


@pytest.mark.parametrize("start", [SHORT - 1, SHORT - 30])
def test_few_rows_that_begin_within_the_run_s_table_come_after_its_rows(run, whole, write, start):
    said = []
    rows = load_new_rows(run, write(start, SHORT + 5), said.append)
    assert np.array_equal(rows.table.dates, whole.data.table.dates[1 : SHORT + 5])
    same = whole.data.table.values[1 : SHORT + 5]
    np.testing.assert_allclose(rows.table.values, same, atol=1e-12)
    assert len(said) == 1 and f"the run's {start} rows before" in said[0]


def test_a_forecast_does_not_depend_on_which_of_the_old_rows_a_file_has(run, write):
    batches = []
    for start in (0, SHORT - 1):
        rows = load_new_rows(run, write(start, SHORT + 5), lambda line: None)
        batches.append(rows.window_at(len(rows.table) - 1)[0])
    for first, second in zip(*batches):
        np.testing.assert_array_equal(first, second)


def test_few_rows_of_another_instrument_are_too_few_and_many_stand_alone(run, write):
    with pytest.raises(UserError) as refusal:
        load_new_rows(run, write(SHORT - 5, SHORT + 5, factor=1.5), print)
    assert "9 usable rows, expected at least 16 (data.seq_len)" in str(refusal.value)
    assert f"the prices of {run.data.table.dates[-1]}, the last day of" in str(refusal.value)
    alone = load_new_rows(run, write(SHORT - 25, SHORT + 5, factor=1.5), print)
    assert len(alone.table) == 29


def test_a_run_whose_table_is_lost_reads_new_rows_all_the_same(whole, write):
    lost = dataclasses.replace(whole, meta=whole.meta | {"data_hash": "0" * 64})
    assert len(load_new_rows(lost, write(SHORT, SHORT + 30), print).table) == 29
    with pytest.raises(UserError, match=r"give more rows before [-0-9]+\.$"):
        load_new_rows(lost, write(SHORT, SHORT + 5), print)


def test_a_file_that_is_missing_is_named_by_the_flag(run):
    with pytest.raises(UserError, match=r"^--data nowhere.csv: no such file"):
        load_new_rows(run, "nowhere.csv", print)


def test_the_days_after_those_seen_are_the_test_split(run, whole, write):
    last = find_last_seen(run)
    assert last == whole.data.table.dates[SHORT - 51]
    rows = split_after(load_new_rows(run, write(0, SHORT + 5), print), last)
    days = rows.table.dates[rows.windows("test")[0] + 1 :]
    assert days[0] > last and rows.table.dates[rows.windows("test")[0]] == last
    assert len(rows.windows("validation")) == 0
    with pytest.raises(UserError, match=r"0 days to score, expected at least data.pred_len \(3\)"):
        split_after(load_new_rows(run, write(0, SHORT - 50), print), last)
