"""Levels and files that `forecast` is asked for."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax import load_config
from pgat_jax.config import DataConfig
from pgat_jax.data.dataset import Data
from pgat_jax.errors import UserError
from pgat_jax.forecasting.request import check_csv_path, check_days, check_levels, check_start


@given(st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), min_size=1))
def test_levels_within_0_and_1_come_sorted_and_once(levels):
    checked = check_levels(tuple(levels))
    assert list(checked) == sorted(set(levels))


@pytest.mark.parametrize("levels", [(0.5, 1.0), (0.0,), (-0.1,), (float("nan"),), (5.0,), ()])
def test_other_levels_are_refused(levels):
    with pytest.raises(UserError, match=r"--quantiles: got .*, expected levels between 0 and 1"):
        check_levels(levels)


def test_a_path_that_can_be_written_is_taken(tmp_path):
    check_csv_path(tmp_path / "f.csv")
    check_csv_path(tmp_path / "f.CSV")


@pytest.mark.parametrize(
    "name, message", [("f.txt", "ends in .csv"), ("no/f.csv", "does not exist"), ("d.csv", "ends")]
)
def test_other_paths_are_refused(tmp_path, name, message):
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(UserError, match=message):
        check_csv_path(tmp_path / name)


def test_days_up_to_the_horizon_are_taken_and_all_by_default():
    assert [check_days(days, DataConfig()) for days in (None, 1, 10)] == [10, 1, 10]


def test_no_days_are_refused():
    with pytest.raises(UserError, match=r"--days 0: expected 1 to 10\."):
        check_days(0, DataConfig())


@pytest.mark.parametrize("days", [11, 30, 50, 51, 90])
def test_more_days_than_the_run_forecasts_are_refused_with_a_reason_and_keys_that_can_be_used(days):
    with pytest.raises(UserError, match=f"--days {days}: expected 1 to 10: the run learned") as e:
        check_days(days, DataConfig())
    overrides = re.findall(r"data\.\w+=\d+", str(e.value))
    assert load_config("laptop", *overrides).data.pred_len == days


DAYS = ["2018-06-01", "2018-06-04", "2018-06-05", "2018-06-06", "2018-06-11"]


@pytest.fixture
def rows():
    """A table of five days, of which a forecast needs three."""
    config = SimpleNamespace(seq_len=3)
    return Data(config, SimpleNamespace(dates=np.array(DAYS, "M8[D]")), None, None)


def test_a_day_of_the_table_is_taken_silently(rows):
    said = []
    assert check_start(rows, "2018-06-06", said.append) == 3
    assert said == []


def test_the_day_before_is_taken_for_a_day_without_a_row_and_said(rows):
    said = []
    assert check_start(rows, "2018-06-10", said.append) == 3
    assert said == [
        "2018-06-10 is not a day of the table: forecasting from 2018-06-06, the last before it"
    ]


@pytest.mark.parametrize("start", ["1900-01-01", "2018-06-04", "2018-06-12"])
def test_the_first_day_that_is_offered_is_one_from_which_a_forecast_is_possible(rows, start):
    message = (
        f"--from {start}: expected 2018-06-05 to 2018-06-11: a forecast needs data.seq_len .3. days"
    )
    with pytest.raises(UserError, match=message):
        check_start(rows, start, print)
    assert check_start(rows, "2018-06-05", print) == 2


@pytest.mark.parametrize("start", ["soon", "20180606", "2018-6-6", "2018-06-31"])
def test_what_is_no_date_is_refused(rows, start):
    with pytest.raises(UserError, match="expected YYYY-MM-DD"):
        check_start(rows, start, print)
