"""Splits by time."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pgat_jax.config import DataConfig
from pgat_jax.data.splits import Splits, check_enough, find_window_rows, split_rows
from pgat_jax.errors import UserError


@st.composite
def configs(draw):
    pred_len = draw(st.integers(1, 20))
    seq_len = draw(st.integers(8, 60))
    longer = st.integers(pred_len, pred_len + 40)
    return DataConfig(
        seq_len=seq_len,
        label_len=draw(st.integers(1, seq_len)),
        pred_len=pred_len,
        validation_days=draw(longer),
        test_days=draw(longer),
    )


def least(config):
    return config.seq_len + config.pred_len + config.validation_days + config.test_days


@given(configs(), st.integers(0, 200))
def test_splits_share_no_row_and_leave_none_out(config, more):
    days = least(config) + more
    splits = split_rows(days, config)
    rows = np.concatenate([np.arange(*split) for split in splits])
    assert np.array_equal(rows, np.arange(days))
    assert splits.test.stop - splits.test.start == config.test_days
    assert splits.validation.stop - splits.validation.start == config.validation_days


@given(configs(), st.integers(0, 200), st.sampled_from(Splits._fields))
def test_every_predicted_day_lies_in_the_windows_own_split(config, more, name):
    """And no window that fits is left out."""
    days = least(config) + more
    split = getattr(split_rows(days, config), name)
    possible = np.arange(config.seq_len - 1, days - config.pred_len)
    inside = (possible + 1 >= split.start) & (possible + config.pred_len < split.stop)
    assert np.array_equal(find_window_rows(split, config), possible[inside])
    assert inside.any()


@given(configs(), st.integers(0, 200))
def test_no_training_window_predicts_a_day_that_another_split_predicts(config, more):
    splits = split_rows(least(config) + more, config)
    predicted = [
        set((find_window_rows(split, config)[:, None] + np.arange(1, config.pred_len + 1)).ravel())
        for split in splits
    ]
    assert not predicted[0] & predicted[1]
    assert not predicted[1] & predicted[2]


@given(configs())
def test_one_row_too_few_is_refused_with_the_numbers(config):
    need = least(config)
    check_enough(need, config, "t.csv")
    with pytest.raises(UserError, match=rf"t.csv: {need - 1:,} usable rows, expected .* {need:,}"):
        check_enough(need - 1, config, "t.csv")


@given(configs(), st.integers(0, 300))
def test_a_short_table_has_short_splits_and_no_negative_rows(config, days):
    assume(days < least(config))
    splits = split_rows(days, config)
    assert all(0 <= split.start <= split.stop <= days for split in splits)
