"""The content of a checkpoint, and the state of the loop."""

import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from pgat_jax.errors import UserError
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.training.snapshot import (
    LoopState,
    checkpoint_items,
    checkpoint_meta,
    item_shapes,
    restore,
)
from tests.training.session import STEPS, same


def test_a_lower_loss_is_the_best_and_others_make_it_stale():
    state = LoopState(step=7)
    losses, states = (2.0, 1.0, 1.0, 3.0, 0.5), []
    for loss in losses:
        state = state.add_validation(loss)
        states.append((state.validated, state.best_loss, state.stale))
    assert states == [(1, 2.0, 0), (2, 1.0, 0), (3, 1.0, 1), (4, 1.0, 2), (5, 0.5, 0)]
    assert state.step == 7


@pytest.mark.parametrize(("step", "epoch", "position"), [(0, 0, 0), (22, 0, 22), (23, 1, 0)])
def test_meta_tells_the_place_in_the_epoch(config, data, step, epoch, position):
    meta = checkpoint_meta(LoopState(step=step, validated=epoch), config, data, STEPS, 0.5)
    assert (meta["step"], meta["epoch"], meta["position"]) == (step, epoch, position)
    assert meta["planned_steps"] == config.train.epochs * STEPS
    assert (meta["validated"], meta["validation_loss"], meta["stale"]) == (epoch, 0.5, 0)


def test_the_checkpoint_holds_all_that_a_run_needs(config, data, whole):
    with Checkpoints(whole[0] / "checkpoints") as checkpoints:
        last = checkpoints.folder / str(checkpoints.steps()[-1])
    meta = json.loads((last / "meta" / "metadata").read_text())
    assert meta["config"] == config.model_dump(mode="json")
    assert meta["data_hash"] == data.table.hash
    assert (meta["step"], meta["epoch"], meta["position"]) == (2 * STEPS, 2, 0)
    assert meta["scaler"] == data.scaler.as_dict()
    assert meta["seed"] == 0
    assert meta["versions"]["libraries"]["jax"] == jax.__version__
    assert {name.split("/")[0] for name in meta["leaves"]["training"]} == {
        "opt_state",
        "step",
        "silence",
    }


def test_items_are_the_parameters_by_name_and_the_rest_of_the_state(plan, params, first_state):
    items = checkpoint_items(plan, first_state)
    assert list(items) == ["params", "training"]
    jax.tree.map(np.testing.assert_array_equal, items["params"], params)
    assert list(items["training"]) == ["opt_state", "step", "silence"]
    shapes = item_shapes(plan)
    assert jax.tree.structure(shapes) == jax.tree.structure(items)
    for shape, array in zip(jax.tree.leaves(shapes), jax.tree.leaves(items)):
        assert (shape.shape, shape.dtype) == (array.shape, array.dtype)


@pytest.fixture
def saved(plan, data, first_state, tmp_path):
    """Checkpoints of a run with one save, at step 5 with odd counts of the loop."""
    loop_state = LoopState(step=5, validated=1, best_loss=0.25, stale=3)
    state = first_state._replace(step=first_state.step + 5)
    with Checkpoints(tmp_path / "checkpoints", create=True) as checkpoints:
        meta = checkpoint_meta(loop_state, plan.config, data, STEPS, 0.5)
        checkpoints.save(5, checkpoint_items(plan, state), meta, 1)
        checkpoints.wait()
        yield checkpoints, loop_state, state


def test_what_was_saved_is_restored(plan, data, saved, tmp_path):
    checkpoints, loop_state, state = saved
    lines = []
    restored = restore(checkpoints, tmp_path, data, plan, lines.append)
    assert restored[0] == loop_state
    assert same(restored[1], state)
    assert lines == ["going on from step 5, epoch 1"]


def test_another_configuration_is_refused(plan, data, saved, tmp_path):
    config = plan.config.model_copy(update={"seed": 5})
    other = replace(plan, model=replace(plan.model, config=config))
    with pytest.raises(UserError, match="seed is 5 but the run was started with 0"):
        restore(saved[0], tmp_path, data, other, print)
