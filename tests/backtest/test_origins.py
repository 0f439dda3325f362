"""Origins, and the years in which they are blocks."""

from datetime import date

import numpy as np
import pytest

from pgat_jax.backtest.origins import LEAST_PAST, find_origins, plan_blocks
from pgat_jax.config import DataConfig
from pgat_jax.data.source import load_table
from pgat_jax.errors import UserError


@pytest.fixture(scope="module")
def nasdaq() -> np.ndarray:
    return load_table(DataConfig()).dates


def test_default_origins_of_the_default_table_are_ten_years_without_a_gap(nasdaq):
    rows = find_origins(nasdaq, 10)
    assert len(rows) == 2506 and set(np.diff(rows)) == {1}
    assert [str(day) for day in nasdaq[rows[[0, -1]]]] == ["2009-01-02", "2018-12-14"]


def test_a_table_without_the_default_years_is_forecast_in_its_second_half(history):
    dates = history.dates[: len(history)]
    rows = find_origins(dates[:600], 3)
    assert rows[0] == LEAST_PAST and rows[-1] == 596
    assert find_origins(np.arange(2000).astype("datetime64[D]"), 3)[0] == 1000


def test_from_to_and_step_choose_origins(nasdaq):
    rows = find_origins(nasdaq, 10, date(2010, 1, 1), date(2010, 1, 31), 5)
    days = nasdaq[rows].astype(str).tolist()
    assert days == ["2010-01-04", "2010-01-11", "2010-01-19", "2010-01-26"]


def test_a_last_origin_has_the_horizon_after_it(nasdaq):
    rows = find_origins(nasdaq, 10, last=date(2030, 1, 1))
    assert rows[-1] == len(nasdaq) - 11


def test_too_little_past_and_no_origin_are_refused(nasdaq):
    with pytest.raises(UserError, match=r"--from: got a first origin with 0 days before it.*500"):
        find_origins(nasdaq, 10, date(1990, 1, 1))
    with pytest.raises(UserError, match=r"--from, --to: got no origin.*2018-12-14"):
        find_origins(nasdaq, 10, date(2018, 12, 20))


def test_blocks_are_years_fitted_once_or_at_their_first_origin(nasdaq):
    rows = find_origins(nasdaq, 10)
    never, yearly = (plan_blocks(rows, nasdaq, refit) for refit in ("never", "yearly"))
    assert [block.year for block in yearly] == list(range(2009, 2019))
    np.testing.assert_array_equal(np.concatenate([block.rows for block in yearly]), rows)
    assert {block.fit_row for block in never} == {rows[0]}
    assert all(block.fit_row == block.rows[0] for block in yearly)
