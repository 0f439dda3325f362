"""Windows: what is gathered, what leaks, and in which order windows come."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.data.windows import DeviceTable, epoch_order, gather

DAYS, V, N, G = 60, 7, 13, 3


def numbered():
    """A table whose every number names its row."""
    row = jnp.arange(DAYS, dtype=jnp.float32)
    return DeviceTable(
        values=row[:, None] + jnp.arange(V, dtype=jnp.float32)[None, :] / 10.0,
        phase=jnp.broadcast_to(row[:, None, None], (DAYS, N, 4)),
        calendar=jnp.broadcast_to(row[:, None], (DAYS, G)),
    )


compiled = jax.jit(gather, static_argnums=(2, 3, 4))


@pytest.mark.parametrize(("seq_len", "label_len", "pred_len"), [(12, 6, 5), (8, 8, 1), (30, 1, 9)])
@settings(deadline=None)
@given(st.data())
def test_a_window_holds_its_own_rows(seq_len, label_len, pred_len, data):
    row = st.integers(seq_len - 1, DAYS - pred_len - 1)
    rows = data.draw(st.tuples(row, row, row))
    batch = compiled(numbered(), jnp.array(rows), seq_len, label_len, pred_len)
    for b, row in enumerate(rows):
        past = np.arange(row - seq_len + 1, row + 1)
        known = np.arange(row - label_len + 1, row + pred_len + 1)
        assert np.array_equal(batch.past[b, :, 0], past)
        assert np.array_equal(batch.phase[b, :, 0, 0], past)
        assert np.array_equal(batch.past_calendar[b, :, 0], past)
        assert np.allclose(batch.known[b, :, 0], known + 0.4)
        assert np.array_equal(batch.known_calendar[b, :, 0], known)
        assert np.array_equal(batch.target[b, :, 0], np.arange(row + 1, row + 1 + pred_len))
    assert batch.past.shape == (len(rows), seq_len, V)
    assert batch.known.shape == (len(rows), label_len + pred_len, V - 4)
    assert batch.target.shape == (len(rows), pred_len, 4)


def reads(select):
    """Whether ``select(batch)`` depends on each row's targets, [days] bool, by gradient."""
    device, rows = numbered(), jnp.array([30])

    def total(values):
        return sum(
            jnp.sum(part) for part in select(gather(device._replace(values=values), rows, 12, 6, 5))
        )

    return np.asarray(jax.grad(total)(device.values)[:, :4].any(axis=1))


def test_no_input_depends_on_a_target_after_the_last_past_day():
    seen = reads(lambda batch: [batch.past, batch.known, batch.phase])
    assert np.array_equal(np.flatnonzero(seen), np.arange(19, 31))


def test_the_target_is_the_returns_of_the_predicted_days():
    seen = reads(lambda batch: [batch.target])
    assert np.array_equal(np.flatnonzero(seen), np.arange(31, 36))


def test_the_sky_of_the_predicted_days_is_known():
    device = numbered()

    def total(values):
        return jnp.sum(gather(device._replace(values=values), jnp.array([30]), 12, 6, 5).known)

    sky = np.asarray(jax.grad(total)(device.values)[:, 4:].all(axis=1))
    assert np.array_equal(np.flatnonzero(sky), np.arange(25, 36))


@given(st.integers(0, 2**31 - 1), st.integers(0, 10_000), st.integers(0, 300))
def test_an_epochs_order_is_a_permutation_of_seed_and_epoch_alone(seed, epoch, count):
    order = epoch_order(seed, epoch, count)
    assert np.array_equal(np.sort(order), np.arange(count))
    assert np.array_equal(order, epoch_order(seed, epoch, count))


def test_epochs_and_seeds_differ():
    orders = [tuple(epoch_order(seed, epoch, 100)) for seed in range(4) for epoch in range(4)]
    assert len(set(orders)) == 16


def test_the_order_is_the_same_on_every_machine():
    assert epoch_order(0, 0, 10).tolist() == [0, 2, 9, 1, 8, 5, 4, 3, 6, 7]
    assert epoch_order(7, 3, 10).tolist() == [2, 5, 9, 7, 3, 0, 6, 8, 4, 1]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_predicts_nothing_outside_its_rows(data, split):
    start, stop = getattr(data.splits, split)
    rows = data.windows(split)
    assert start <= rows.min() + 1
    assert rows.max() + data.config.pred_len < stop
