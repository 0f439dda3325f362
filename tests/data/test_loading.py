"""`load_data`: a configuration's table, and other tables with the columns and scaler of a run."""

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data import loading
from pgat_jax.data.columns import list_computed_columns
from pgat_jax.data.loading import load_columns
from pgat_jax.errors import UserError


def test_columns_of_a_shipped_source_need_no_table(monkeypatch, data):
    monkeypatch.setattr(loading, "load_table", None)
    for source in ("nasdaq", "ibm"):
        assert load_columns(load_config("tiny", f"data.source={source}")) == list_computed_columns()
    assert data.columns == list_computed_columns()


def test_columns_of_a_users_table_are_those_that_it_loads_with(prices_csv):
    config = load_config("tiny", f"data.source={prices_csv()}")
    assert load_columns(config) == load_data(config).columns


def test_ibm_loads():
    data = load_data(load_config("tiny", "data.source=ibm"))
    assert len(data.table) == 3269
    assert data.table.dropped == ()


def test_new_rows_take_the_runs_columns_and_scaling(prices_csv, data):
    """Twenty rows are enough for one window's past; their own statistics are not used."""
    config = load_config("tiny", f"data.source={prices_csv(rows=20)}")
    new = load_data(config, scaler=data.scaler)
    assert new.scaler is data.scaler
    batch, days = new.window_at(len(new.table) - 1)
    wide, same = data.window_at(len(data.table) - 1)
    assert np.array_equal(days, same)
    for a, b in zip(batch, wide):
        assert np.allclose(a, b, atol=1e-5, equal_nan=True)


def test_new_rows_without_the_runs_columns_are_refused(prices_csv, data):
    def add(lines):
        lines[:] = [[*line, "0.6", "0.8"] for line in lines]

    path = prices_csv(change=add, header="Date,Open,High,Low,Close,dyn_Sun_sin,dyn_Sun_cos")
    config = load_config("tiny", f"data.source={path}")
    with pytest.raises(UserError, match="111 columns that the run was trained on are missing"):
        load_data(config, scaler=data.scaler)


def test_too_few_new_rows_are_refused(prices_csv, data):
    config = load_config("tiny", f"data.source={prices_csv(rows=10)}")
    new = load_data(config, scaler=data.scaler)
    with pytest.raises(UserError, match=r"9 rows, expected at least 16 \(data.seq_len\)"):
        new.window_at(len(new.table) - 1)
