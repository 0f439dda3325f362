"""The loop: the order of its points, epochs, validation, records, saves, and what ends it early."""

import io
import signal
import time
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.errors import UserError
from pgat_jax.model.statistics import NAMES
from pgat_jax.progress import Reporter
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.storage.metrics import read_metrics
from pgat_jax.training.batches import batch_rows
from pgat_jax.training.diagnostics import TRAIL
from pgat_jax.training.interrupts import Interrupted
from pgat_jax.training.loop import SAVE_SECONDS, explain_resume
from pgat_jax.training.optimizer import count_updates
from pgat_jax.training.packing import GROUPS
from pgat_jax.training.snapshot import LoopState
from tests.training.session import STEPS, Clock, Log, StopAfter, fake_trainer, open_session

TRAIN, VALIDATION = "record train", "record validation"


def with_train_keys(plan, **keys):
    """The plan with other settings of training and epochs of two batches."""
    config = plan.config.model_copy(update={"train": plan.config.train.model_copy(update=keys)})
    return replace(plan, model=replace(plan.model, config=config), steps_per_epoch=2)


def test_an_epoch_dispatches_each_window_at_most_once(plan, data, first_state):
    """The rows that the steps take, as the loop dispatches them, in both epochs."""
    dispatched, log = [], Log(losses=(1.0, 1.0))

    def step(state, table, order):
        dispatched.append(np.asarray(batch_rows(plan, order, state.step)).tolist())
        return log.step(state, table, order)

    fake_trainer(plan, data, first_state, log, step=step).run()
    windows = data.windows("train").tolist()
    size = plan.config.train.batch_size
    epochs = [[r for rows in dispatched[i : i + STEPS] for r in rows] for i in (0, STEPS)]
    assert len(dispatched) == 2 * STEPS
    for rows in epochs:
        assert len(set(rows)) == len(rows) == STEPS * size
        assert set(rows) <= set(windows)
        assert len(windows) - len(rows) < size  # only what fills no batch is left out
    assert epochs[0] != epochs[1]


def test_points_come_in_the_stated_order(plan, data, first_state):
    log = Log(losses=(1.0, 1.0))
    plan = with_train_keys(plan, log_every=1)
    fake_trainer(plan, data, first_state, log).run()
    epoch = ["step", TRAIN, "step", TRAIN, "validate", VALIDATION, "save"]
    assert log.events == epoch * 2
    assert [save.step for save in log.saves] == [2, 4]
    assert {save.every for save in log.saves} == {2 * plan.config.train.checkpoint_every}


def test_a_dispatch_of_several_steps_ends_with_the_epoch(plan, data, first_state):
    log = Log(losses=(1.0, 1.0))
    plan = replace(with_train_keys(plan, steps_per_dispatch=2, log_every=100), steps_per_epoch=3)
    fake_trainer(plan, data, first_state, log).run()
    epoch = ["step", "step", TRAIN, "step", TRAIN, "validate", VALIDATION, "save"]
    assert log.events[: len(epoch)] == epoch
    assert log.events[len(epoch) :] == ["step", "step", "step", *epoch[4:]]


@pytest.mark.parametrize(
    ("every", "first", "expected"), [(2, 0, [1, 2, 4, 6]), (4, 3, [4, 6]), (4, 1, [2, 4, 6])]
)
def test_the_first_step_and_multiples_of_log_every_are_recorded(
    plan, data, first_state, every, first, expected
):
    log = Log()
    plan = replace(with_train_keys(plan, log_every=every, epochs=2), steps_per_epoch=6)
    state = first_state._replace(step=jnp.int32(first))
    trainer = fake_trainer(plan, data, state, log, loop_state=LoopState(step=first))
    trainer.interruption = StopAfter(6)
    trainer.interruption.trainer = trainer
    with pytest.raises(Interrupted):
        trainer.run()
    assert [record["step"] for record in log.records if record["event"] == "train"] == expected


def test_ten_minutes_after_the_last_save_comes_another(plan, data, first_state):
    log, clock = Log(), Clock(tick=0.0)
    plan = replace(with_train_keys(plan, epochs=2), steps_per_epoch=6)

    def step(state, table, order):
        clock.now += SAVE_SECONDS / 2 - 1
        return log.step(state, table, order)

    trainer = fake_trainer(plan, data, first_state, log, step=step, clock=clock)
    trainer.interruption = StopAfter(5)
    trainer.interruption.trainer = trainer
    with pytest.raises(Interrupted):
        trainer.run()
    assert [save.step for save in log.saves] == [3, 5]  # after 3 x 299 s, and at the end
    assert {save.meta["validation_loss"] for save in log.saves} == {None}


@pytest.mark.parametrize("after", [1, 3])
def test_a_signal_saves_and_says_how_to_go_on(plan, data, first_state, after):
    log = Log()
    trainer = fake_trainer(with_train_keys(plan, log_every=1), data, first_state, log)
    trainer.interruption = StopAfter(after)
    trainer.interruption.trainer = trainer
    with pytest.raises(Interrupted) as caught:
        trainer.run()
    assert str(caught.value) == explain_resume(trainer.path, after)
    assert caught.value.status == 128 + signal.SIGINT
    assert log.events[-2:] == ["save", "wait"]
    assert log.saves[-1].step == after


def test_a_signal_during_validation_leaves_the_epoch_unvalidated(plan, data, first_state):
    log, numbers = Log(losses=(None, None)), [None]

    def loss(params, is_interrupted):
        numbers[0] = signal.SIGTERM
        return log.loss(params, is_interrupted)

    trainer = fake_trainer(with_train_keys(plan), data, first_state, log)
    trainer.interruption = lambda: numbers[0]
    trainer.validation = type("Fake", (), {"loss": staticmethod(loss)})
    with pytest.raises(Interrupted) as caught:
        trainer.run()
    assert caught.value.status == 143
    assert (trainer.loop_state.step, trainer.loop_state.validated) == (2, 0)
    assert [save.step for save in log.saves] == [2]


def test_what_is_said_about_going_on():
    run = "runs/tiny-1"
    assert explain_resume(run, 7) == (
        "stopped after step 7; saved. Go on with: python run.py --resume runs/tiny-1"
    )
    assert "stopped before the first step; there is nothing to resume" in explain_resume(run, None)


def test_early_stopping_ends_the_run_and_a_resumed_one_stops_at_once(plan, data, first_state):
    plan = with_train_keys(plan, early_stopping=2, epochs=9)
    log, output = Log(losses=(1.0, 0.5, 0.5, 2.0)), io.StringIO()
    reporter = Reporter(Console(file=output, width=1000))
    trainer = fake_trainer(plan, data, first_state, log, reporter=reporter)
    trainer.run()
    assert trainer.loop_state == LoopState(step=8, validated=4, best_loss=0.5, stale=2)
    assert "early stopping: 2 epochs without a better validation loss" in output.getvalue()
    again = fake_trainer(plan, data, trainer.state, Log(), loop_state=trainer.loop_state)
    again.run()
    assert again.checkpoints.events == []


def test_each_epoch_is_validated_and_two_batches_make_one_update(config, whole):
    run, state = whole
    records = [r for r in read_metrics(run) if r["event"] == "validation"]
    assert [(r["epoch"], r["step"]) for r in records] == [(1, STEPS), (2, 2 * STEPS)]
    assert int(state.step) == 2 * STEPS
    assert int(count_updates(state.opt_state, config.train)) == STEPS


def test_records_hold_what_plots_and_readers_need(whole):
    records = [r for r in read_metrics(whole[0]) if r["event"] == "train"]
    keys = {"time", "epoch", "step", "update", "loss", "learning_rate", "samples_per_second"}
    keys |= {*NAMES, "prediction_spread", "target_spread", "skipped"}
    keys |= {f"trail/{station}" for station in TRAIL}
    groups = set(GROUPS.values())
    keys |= {f"{m}_norm/{g}" for m in ("gradient", "update", "weight") for g in groups}
    for record in records[1:]:
        assert keys <= record.keys()
        assert all(record[f"{m}_norm/{g}"] > 0 for m in ("gradient", "weight") for g in groups)
    assert records[0]["step"] == 1
    assert records[-1]["learning_rate"] == pytest.approx(1e-5, rel=1e-4)
    assert all(r["update_norm/head"] > 0 for r in records[2:])


def test_minutes_used_up_still_gives_a_step_a_validation_and_a_checkpoint(plan, data, new_run):
    late, output = time.monotonic() - 1, io.StringIO()
    with open_session(plan, data, new_run, stop_at=late, output=output) as trainer:
        trainer.run()
        assert trainer.loop_state.step == 1
    text = f"used up after step 1 of 46; go on with: python run.py --resume {new_run}"
    assert text in output.getvalue()
    events = [r["event"] for r in read_metrics(new_run)]
    assert events == ["train", "validation"]
    loaded = load_run(new_run)
    assert (loaded.step, loaded.meta["validation_loss"] > 0) == (1, True)
    assert hash_params(loaded.params) == hash_params(trainer.params)


def test_steps_between_two_records_are_shown_but_not_recorded(plan, data, new_run):
    output = io.StringIO()
    session = open_session(plan, data, new_run, stop=4, output=output, line_seconds=0.0)
    with session as trainer, pytest.raises(Interrupted):
        trainer.run()
    lines = [line for line in output.getvalue().splitlines() if "samples/s" in line]
    assert [line.split("  ")[1] for line in lines] == [f"step {n}/46" for n in (1, 2, 3, 4, 4)]
    recorded = [r["step"] for r in read_metrics(new_run) if r["event"] == "train"]
    assert recorded == [1, 4]


def poison(table, rows):
    """The same table, whose targets on the given rows are NaN."""
    return table._replace(values=table.values.at[jnp.asarray(rows), 3].set(jnp.nan))


def test_steps_that_meet_a_nan_are_skipped_and_counted_and_the_rest_still_learns(
    config, plan, data, new_run
):
    row = int(data.windows("train")[-1]) + 3  # a target of three windows, a past of none
    output = io.StringIO()
    parts = {"stop": STEPS, "output": output, "table": poison(data.device_table, [row])}
    with open_session(plan, data, new_run, **parts) as trainer, pytest.raises(Interrupted):
        trainer.run()
    assert 1 <= int(trainer.state.opt_state.total_notfinite) <= 3
    assert int(trainer.state.step) == STEPS
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(trainer.params))
    assert int(count_updates(trainer.state.opt_state, config.train)) <= (STEPS - 1) // 2
    assert "were skipped" in output.getvalue()


def test_nan_in_every_step_stops_the_run_and_leaves_the_last_checkpoint_as_it_was(
    plan, data, new_run
):
    with open_session(plan, data, new_run, stop=4) as trainer, pytest.raises(Interrupted):
        trainer.run()
    good = hash_params(trainer.params)
    bad = poison(data.device_table, np.arange(len(data.table)))
    stopped = pytest.raises(UserError, match="NaN or Inf for 10 steps in a row, up to step 14")
    with open_session(plan, data, new_run, resume=True, table=bad) as trainer, stopped:
        trainer.run()
    assert hash_params(load_run(new_run, "last").params) == good
    assert read_metrics(new_run)[-1]["loss"] is None
