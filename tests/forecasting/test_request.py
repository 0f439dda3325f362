"""Levels and files that `forecast` is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.errors import UserError
from pgat_jax.forecasting.request import check_csv_path, check_levels


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
