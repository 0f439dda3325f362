"""A later table that continues an earlier one gets its rows."""

import dataclasses

import numpy as np
import pytest

from pgat_jax.data.columns import Columns
from pgat_jax.data.history import count_earlier, prepend
from pgat_jax.data.table import select, take_rows


@pytest.fixture(scope="module")
def whole(data):
    return take_rows(data.table, 0, 300)


@pytest.mark.parametrize("start", [1, 40, 99, 100])
def test_rows_that_continue_the_past_are_joined_to_the_whole(whole, start):
    past, table = take_rows(whole, 0, 100), take_rows(whole, start, 300)
    joined = prepend(past, table)
    assert count_earlier(past, table) == start
    assert joined.hash == whole.hash
    assert joined.notes[-1] == f"the days to {whole.dates[start - 1]} are those of nasdaq."


def test_rows_from_the_first_day_on_need_no_past(whole):
    assert prepend(take_rows(whole, 0, 100), whole) is whole


def test_rows_after_a_gap_do_not_continue_the_past(whole):
    table = take_rows(whole, 101, 300)
    assert prepend(take_rows(whole, 0, 100), table) is table


def test_another_instrument_does_not_continue_the_past(whole):
    table = take_rows(whole, 60, 300)
    other = dataclasses.replace(table, prices=table.prices * 1.01)
    assert count_earlier(take_rows(whole, 0, 100), other) == 0
    rounded = dataclasses.replace(table, prices=np.round(table.prices, 1))
    assert count_earlier(take_rows(whole, 0, 100), rounded) == 60


def test_a_table_with_other_columns_or_a_sky_of_its_own_does_not_continue_the_past(whole):
    past, table = take_rows(whole, 0, 100), take_rows(whole, 60, 300)
    assert count_earlier(past, dataclasses.replace(table, computed_sky=False)) == 0
    fewer = Columns(whole.columns.names[:-1], whole.columns.slots[:-1])
    assert count_earlier(past, select(table, fewer)) == 0
