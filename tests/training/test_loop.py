"""The loop: epochs, validation, records, and what ends it early."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import progress
from pgat_jax.errors import UserError
from pgat_jax.model.statistics import NAMES
from pgat_jax.runs.folder import load_run, params_sha256
from pgat_jax.runs.metrics import read_metrics
from pgat_jax.training.diagnostics import TRAIL
from pgat_jax.training.interrupts import Interrupted
from pgat_jax.training.optimizer import GROUPS, updates_made
from pgat_jax.training.train import train
from tests.training.session import NEVER, STEPS, Session


def test_an_epoch_takes_each_window_once_at_most_and_drops_what_fills_no_batch(config, data):
    assert len(data.windows("train")) // config.train.batch_size == STEPS


def test_each_epoch_is_validated_and_two_batches_make_one_update(config, whole):
    run, state = whole
    records = [r for r in read_metrics(run) if r["event"] == "validation"]
    assert [(r["epoch"], r["step"]) for r in records] == [(1, STEPS), (2, 2 * STEPS)]
    assert int(state.step) == 2 * STEPS
    assert int(updates_made(state.optimizer, config.train)) == STEPS


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


def test_minutes_used_up_still_gives_a_step_a_validation_and_a_checkpoint(config, data, new_run):
    with Session(config, data, new_run) as trainer:
        trainer.run(time.monotonic() - 1)
        assert trainer.place.step == 1
    events = [r["event"] for r in read_metrics(new_run)]
    assert events == ["train", "validation"]
    loaded = load_run(new_run)
    assert (loaded.step, loaded.manifest["validation_loss"] > 0) == (1, True)
    assert params_sha256(loaded.params) == params_sha256(trainer.params)


def test_validation_is_the_mean_over_all_windows_whatever_fills_the_last_batch(
    config, data, new_run
):
    with Session(config, data, new_run) as trainer:
        mean = trainer.validation.loss(trainer.params, lambda: False)
        rows = data.windows("validation")
        assert len(rows) % config.train.batch_size
        alone = [
            trainer.validation._losses(
                trainer.params, data.device_table, jnp.full(4, row, jnp.int32)
            )[0]
            for row in rows
        ]
    assert mean == pytest.approx(float(np.mean(alone)), rel=1e-6)


def test_steps_between_two_records_are_shown_but_not_recorded(config, data, new_run, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    session = Session(config, data, new_run, stop=4)
    with session as trainer, pytest.raises(Interrupted):
        trainer.run(NEVER)
    shown = [line.split("  ")[1] for line in session.said if "samples/s" in line]
    assert shown == [f"step {n}/46" for n in (1, 2, 3, 4, 4)]
    recorded = [r["step"] for r in read_metrics(new_run) if r["event"] == "train"]
    assert recorded == [1, 4]


def poisoned(data, rows) -> object:
    """The same table, whose targets on the given rows are NaN."""
    device = data.device_table._replace(
        values=data.device_table.values.at[jnp.asarray(rows), 3].set(jnp.nan)
    )
    copy = type(data)(data.config, data.table, data.splits, data.scaler)
    copy.__dict__["device"] = device
    return copy


def test_steps_that_meet_a_nan_are_skipped_and_counted_and_the_rest_still_learns(
    config, data, new_run
):
    row = int(data.windows("train")[-1]) + 3  # a target of three windows, a past of none
    session = Session(config, poisoned(data, [row]), new_run, stop=STEPS)
    with session as trainer, pytest.raises(Interrupted):
        trainer.run(NEVER)
    assert 1 <= int(trainer.state.optimizer.total_notfinite) <= 3
    assert int(trainer.state.step) == STEPS
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(trainer.params))
    assert int(updates_made(trainer.state.optimizer, config.train)) <= (STEPS - 1) // 2
    assert any("were skipped" in line for line in session.said)


def test_nan_in_every_step_stops_the_run_and_leaves_the_last_checkpoint_as_it_was(
    config, data, new_run
):
    with Session(config, data, new_run, stop=4) as trainer, pytest.raises(Interrupted):
        trainer.run(NEVER)
    good = params_sha256(trainer.params)
    bad = poisoned(data, np.arange(len(data.table)))
    stopped = pytest.raises(UserError, match="NaN or Inf for 10 steps in a row, up to step 14")
    with Session(config, bad, new_run, resume=True) as trainer, stopped:
        trainer.run(NEVER)
    assert params_sha256(load_run(new_run, "last").params) == good
    assert read_metrics(new_run)[-1]["loss"] is None


def test_early_stopping_ends_the_run_and_a_resume_does_not_go_on(data, config, new_run):
    stopping = config.model_copy(
        update={"train": config.train.model_copy(update={"early_stopping": 1, "epochs": 2})}
    )
    (new_run / "config.yaml").unlink()
    with Session(stopping, data, new_run) as trainer:
        losses = iter([1.0, 2.0])
        trainer.validation.loss = lambda *_: next(losses)
        trainer.run(NEVER)
        assert (trainer.place.validated, trainer.place.stale, trainer.place.best_loss) == (2, 1, 1)
    with Session(stopping, data, new_run, resume=True) as trainer:
        trainer.run(NEVER)
        assert trainer.place.step == 2 * STEPS


def test_more_windows_a_batch_than_there_are_is_refused(config):
    large = config.model_copy(
        update={"train": config.train.model_copy(update={"batch_size": 1000})}
    )
    with pytest.raises(UserError, match=r"train.batch_size: got 1000, expected at most 9\d"):
        train(large)
