"""The validation loss: every window counts once, and a signal ends it."""

import io

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.mesh import replicate
from pgat_jax.progress import Reporter
from pgat_jax.training.state import table_shapes
from pgat_jax.training.validation import Validation, compile_losses


@pytest.fixture(scope="module")
def parts(plan, data, params):
    """A validation, the initial parameters, the table on the mesh, and the rows."""
    rows, table = data.windows("validation"), replicate(plan.mesh, data.device_table)
    reporter = Reporter(Console(file=io.StringIO()))
    return Validation(plan, rows, table, reporter), params, table, rows


def test_the_loss_is_the_mean_over_all_windows_without_those_that_fill_the_last_batch(plan, parts):
    validation, params, table, rows = parts
    assert len(rows) % plan.config.train.batch_size
    losses = compile_losses(plan, plan.config.train.batch_size, table_shapes(table))
    alone = [losses(params, table, jnp.full(4, row, jnp.int32))[0] for row in rows]
    mean = validation.loss(params, lambda: False)
    assert mean == pytest.approx(float(np.mean(alone)), rel=1e-6)


def test_a_window_has_its_own_loss_without_dropout(plan, parts):
    """A NaN in the last target of one window alone makes the loss of that window alone NaN."""
    _, params, table, rows = parts
    losses = compile_losses(plan, 4, table_shapes(table))
    first = (rows[0] + np.array([0, 3, 1, 2])).astype(np.int32)
    clean = np.asarray(losses(params, table, first))
    np.testing.assert_array_equal(clean, losses(params, table, first))
    last_day = int(first.max()) + plan.config.data.pred_len
    spoiled = table._replace(values=table.values.at[last_day, 0].set(jnp.nan))
    np.testing.assert_array_equal(
        losses(params, spoiled, first), [clean[0], np.nan, clean[2], clean[3]]
    )


@pytest.mark.parametrize("after", [0, 1])
def test_a_signal_ends_it_before_the_next_batch(parts, after):
    validation, params, _, _ = parts
    validation.loss(params, lambda: False)  # compiled
    answers = iter([False] * after + [True] * 9)
    assert validation.loss(params, lambda: next(answers)) is None
