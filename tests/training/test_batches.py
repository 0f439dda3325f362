"""The order of an epoch, the rows of a step, and their windows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.training.batches import batch_rows, gather_windows, order_rows
from tests.training.session import STEPS


def test_an_epoch_orders_each_window_at_most_once(plan, data):
    windows = data.windows("train")
    order = order_rows(plan, data, 0)
    assert order.dtype == jnp.int32
    assert order.shape == (STEPS * plan.config.train.batch_size,)
    rows = np.asarray(order).tolist()
    assert len(set(rows)) == len(rows)
    assert set(rows) <= set(windows.tolist())


def test_the_order_depends_on_the_epoch_alone(plan, data):
    first, again, second = (np.asarray(order_rows(plan, data, epoch)) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()
    assert first.tolist() != sorted(first.tolist())


@pytest.mark.parametrize(("step", "start"), [(0, 0), (1, 4), (STEPS - 1, 88), (STEPS, 0), (25, 8)])
def test_the_rows_of_a_step_are_the_next_batch_of_its_epoch(plan, step, start):
    order = jnp.arange(STEPS * 4, dtype=jnp.int32)
    rows = batch_rows(plan, order, jnp.int32(step))
    assert rows.tolist() == list(range(start, start + 4))


def test_the_gathered_windows_are_those_of_the_rows(plan, data):
    rows = jnp.asarray(data.windows("train")[[5, 0, 7, 2]], jnp.int32)
    batch = jax.jit(lambda table, rows: gather_windows(plan, table, rows))(data.device_table, rows)
    jax.tree.map(np.testing.assert_array_equal, batch, data.batch("train", [5, 0, 7, 2]))
