"""The history of a table: its returns, its days and the truth of its origins."""

import numpy as np

from pgat_jax.backtest.history import make_history
from pgat_jax.config import DataConfig
from pgat_jax.data.source import load_table


def test_history_ends_with_the_trading_days_after_the_table():
    table = load_table(DataConfig())
    history = make_history(table, 3, "XNYS")
    assert len(history) == len(table) and len(history.dates) == len(table) + 3
    assert str(history.dates[-3]) == "2019-01-02"
    np.testing.assert_array_equal(history.returns, table.values[:, :4])


def test_truth_of_an_origin_begins_on_the_day_after_it(history):
    truth = history.find_truth(np.array([10, 20]))
    np.testing.assert_array_equal(truth[1], history.returns[21:24])
