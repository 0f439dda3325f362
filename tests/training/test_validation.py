"""The validation loss: every window counts once, and a signal ends it."""

import io

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.mesh import replicate
from pgat_jax.progress import Reporter
from pgat_jax.training.state import table_shapes, unpack_params
from pgat_jax.training.validation import Validation, compile_losses


@pytest.fixture(scope="module")
def parts(plan, data, first_state):
    """A validation, the initial parameters, the table on the mesh, and the rows."""
    rows, table = data.windows("validation"), replicate(plan.mesh, data.device_table)
    reporter = Reporter(Console(file=io.StringIO()))
    params = unpack_params(plan, first_state.params)
    return Validation(plan, rows, table, reporter), params, table, rows


def test_the_loss_is_the_mean_over_all_windows_whatever_fills_the_last_batch(plan, parts):
    validation, params, table, rows = parts
    assert len(rows) % plan.config.train.batch_size
    losses = compile_losses(plan, plan.config.train.batch_size, table_shapes(table))
    alone = [losses(params, table, jnp.full(4, row, jnp.int32))[0] for row in rows]
    mean = validation.loss(params, lambda: False)
    assert mean == pytest.approx(float(np.mean(alone)), rel=1e-6)


def test_a_window_has_the_loss_of_the_model_without_dropout(plan, data, parts):
    _, params, table, rows = parts
    losses = compile_losses(plan, 4, table_shapes(table))(params, table, jnp.asarray(rows[:4]))
    loss, _ = plan.model.loss(params, data.batch("validation", range(4)))
    assert losses.shape == (4,)
    assert float(losses.mean()) == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize("after", [0, 1])
def test_a_signal_ends_it_before_the_next_batch(parts, after):
    validation, params, _, _ = parts
    validation.loss(params, lambda: False)  # compiled
    answers = iter([False] * after + [True] * 9)
    assert validation.loss(params, lambda: next(answers)) is None


def test_fewer_windows_than_a_batch_are_enough(plan, data, parts):
    _, params, table, rows = parts
    reporter = Reporter(Console(file=io.StringIO()))
    one = Validation(plan, rows[:4], table, reporter).loss(params, lambda: False)
    all_of_them = [Validation(plan, rows[i : i + 1], table, reporter) for i in range(4)]
    assert one == pytest.approx(
        np.mean([v.loss(params, lambda: False) for v in all_of_them]), rel=1e-6
    )
