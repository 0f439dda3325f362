"""Windows: which rows each part is gathered from, and the order of an epoch."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.config import WindowSizes
from pgat_jax.data.batch import Batch
from pgat_jax.data.windows import DeviceTable, draw_epoch_order, gather

DAYS, V, N, G = 40, 7, 13, 3
TARGETS = 4
SIZES = [WindowSizes(12, 6, 5), WindowSizes(8, 8, 1), WindowSizes(20, 1, 9)]
ROW = 25


def make_table() -> DeviceTable:
    """A table in which every number names its row, column and array."""
    row = np.arange(DAYS, dtype=np.float32)
    column = np.arange(V, dtype=np.float32)
    return DeviceTable(
        values=jnp.asarray(row[:, None] + column / 8),
        phase=jnp.asarray(1000 + row[:, None, None] + np.arange(N * 4).reshape(N, 4) / 64),
        calendar=jnp.asarray(2000 + row[:, None] + np.arange(G) / 8),
    )


TABLE = make_table()


def expected(rows, sizes) -> Batch:
    """The windows, gathered one by one."""

    def take(array, first, last):
        return np.stack([np.asarray(array)[row + first : row + last + 1] for row in rows])

    past, known = (1 - sizes.seq_len, 0), (1 - sizes.label_len, sizes.pred_len)
    return Batch(
        past=take(TABLE.values, *past),
        phase=take(TABLE.phase, *past),
        past_calendar=take(TABLE.calendar, *past),
        known=take(TABLE.values[:, TARGETS:], *known),
        known_calendar=take(TABLE.calendar, *known),
        target=take(TABLE.values[:, :TARGETS], 1, sizes.pred_len),
    )


compiled = jax.jit(gather, static_argnames="sizes")


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("place", ["first", "last", "several"])
def test_each_part_of_a_window_has_its_own_rows(sizes, place):
    first, last = sizes.seq_len - 1, DAYS - 1 - sizes.pred_len
    rows = {"first": [first] * 4, "last": [last] * 4, "several": [last, first, ROW, first]}[place]
    batch = compiled(TABLE, jnp.array(rows), sizes=sizes)
    for name, wanted in expected(rows, sizes)._asdict().items():
        found = getattr(batch, name)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, wanted, err_msg=name)


def shapes_of(rows: int, dtype=jnp.int32) -> dict[str, tuple[int, ...]]:
    batch = jax.eval_shape(partial(gather, sizes=SIZES[0]), TABLE, jnp.zeros(rows, dtype))
    return {name: part.shape for name, part in batch._asdict().items()}


def test_lengths_of_the_parts_follow_from_the_sizes():
    assert shapes_of(2) == {
        "past": (2, 12, V),
        "phase": (2, 12, N, 4),
        "past_calendar": (2, 12, G),
        "known": (2, 11, V - TARGETS),
        "known_calendar": (2, 11, G),
        "target": (2, 5, TARGETS),
    }


def test_rows_of_any_integer_type_are_gathered_without_promotion():
    with jax.numpy_dtype_promotion("strict"):
        assert shapes_of(1, jnp.int16) == shapes_of(1)


def is_finite(batch: Batch) -> dict[str, bool]:
    return {name: bool(np.isfinite(part).all()) for name, part in batch._asdict().items()}


def test_no_input_depends_on_a_target_after_the_last_past_day():
    hidden = TABLE.values.at[ROW + 1 :, :TARGETS].set(jnp.nan)
    found = is_finite(compiled(TABLE._replace(values=hidden), jnp.full(4, ROW), sizes=SIZES[0]))
    assert found.pop("target") is False
    assert all(found.values())


def test_nothing_but_the_sky_is_known_of_the_days_to_predict():
    hidden = TABLE.values.at[ROW + 1 :, TARGETS:].set(jnp.nan)
    found = is_finite(compiled(TABLE._replace(values=hidden), jnp.full(4, ROW), sizes=SIZES[0]))
    assert found.pop("known") is False
    assert all(found.values())


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100, 1000])
def test_an_epoch_visits_each_window_exactly_once(count):
    for seed, epoch in [(0, 0), (0, 1), (1, 0), (2**31 - 1, 10_000)]:
        order = draw_epoch_order(seed, epoch, count)
        assert order.shape == (count,)
        assert np.array_equal(np.sort(order), np.arange(count))


def test_the_order_depends_on_seed_and_epoch_alone():
    orders = {
        (seed, epoch): tuple(draw_epoch_order(seed, epoch, 100))
        for seed in range(4)
        for epoch in range(4)
    }
    assert len(set(orders.values())) == 16
    for (seed, epoch), order in orders.items():
        assert tuple(draw_epoch_order(seed, epoch, 100)) == order


def test_the_order_is_the_same_on_every_machine():
    assert draw_epoch_order(0, 0, 10).tolist() == [0, 2, 9, 1, 8, 5, 4, 3, 6, 7]
    assert draw_epoch_order(7, 3, 10).tolist() == [2, 5, 9, 7, 3, 0, 6, 8, 4, 1]


def test_the_order_is_that_of_philox_and_not_of_the_rows():
    order = draw_epoch_order(5, 1, 1000)
    assert not np.array_equal(order, np.arange(1000))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.1
