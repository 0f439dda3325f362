"""The loop, on the tiny model and 130 real days; compiled once, then read from a compile cache."""

import csv
import json
import random
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import load_config, load_data, progress
from pgat_jax.checkpoint import Checkpoints
from pgat_jax.config_file import dump_yaml
from pgat_jax.data.loading import load_table
from pgat_jax.diagnostics import TRAIL
from pgat_jax.errors import UserError
from pgat_jax.interrupts import Interrupted
from pgat_jax.metrics import read_metrics
from pgat_jax.model.statistics import NAMES
from pgat_jax.optimizer import GROUPS, updates_made
from pgat_jax.progress import Reporter
from pgat_jax.runs import create_run, load_run, params_sha256
from pgat_jax.train import Trainer, train
from tests.commands import Command

STEPS = 23  # an epoch of batches of 4; accumulation 2, so epoch 1 ends between two updates
NEVER = float("inf")


@pytest.fixture(scope="module", autouse=True)
def compile_cache(tmp_path_factory):
    settings = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {key: getattr(jax.config, key) for key in settings}
    for key, value in settings.items():
        jax.config.update(key, value)
    yield
    for key, value in before.items():
        jax.config.update(key, value)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A CSV of 130 days of dates and prices."""
    nasdaq = load_table(load_config("tiny").data)
    path = tmp_path_factory.mktemp("table") / "days.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["date", "Open", "High", "Low", "Close"])
        rows.writerows([d, *p] for d, p in zip(nasdaq.dates[:130], nasdaq.prices[:130].tolist()))
    return path


@pytest.fixture(scope="module")
def config(table):
    keys = ("data.validation_days=8", "data.test_days=8", "train.log_every=5", "model.dropout=0.1")
    return load_config("tiny", f"data.source={table}", *keys)


@pytest.fixture(scope="module")
def data(config):
    return load_data(config)


class Session:
    """One process's worth of training in a run's folder; stops as Ctrl-C would after ``stop``."""

    def __init__(self, config, data, run, stop=None, resume=False):
        self.said = []
        reporter = Reporter()
        reporter.say = self.said.append  # pyright: ignore[reportAttributeAccessIssue]
        self.trainer = Trainer(config, data, run, reporter, SimpleNamespace(number=None))
        if stop is not None:
            self.trainer._interrupted = lambda: self.trainer.place.step >= stop
            self.trainer.interrupts.number = signal.SIGINT
        self.trainer.begin(resume)

    def __enter__(self):
        return self.trainer

    def __exit__(self, *_):
        self.trainer.close()


@pytest.fixture
def new_run(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return create_run(config)


@pytest.fixture(scope="module")
def whole(config, data, tmp_path_factory):
    """A run of both epochs without a break: its folder and its last state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        run = create_run(config).absolute()
        with Session(config, data, run) as trainer:
            trainer.run(NEVER)
            return run, trainer.state


def same(a, b) -> bool:
    equal = jax.tree.map(lambda x, y: bool(jnp.array_equal(x, y, equal_nan=True)), a, b)
    return all(jax.tree.leaves(equal))


def test_an_epoch_takes_each_window_once_at_most_and_drops_what_fills_no_batch(config, data):
    assert len(data.windows("train")) // config.train.batch_size == STEPS


def test_resumed_runs_end_bitwise_where_an_uninterrupted_one_does(config, data, new_run, whole):
    """Broken off between two updates, at an epoch's end before its validation, and later."""
    for i, stop in enumerate((7, STEPS, STEPS + 5)):
        with Session(config, data, new_run, stop, resume=i > 0) as trainer:
            with pytest.raises(Interrupted, match="--resume") as caught:
                trainer.run(NEVER)
            assert caught.value.status == 130
            assert trainer.place.step == stop
    with Session(config, data, new_run, resume=True) as trainer:
        trainer.run(NEVER)
        assert same(trainer.state, whole[1])
    assert params_sha256(trainer.params) == params_sha256(load_run(whole[0], "last").params)
    losses = [
        [r["loss"] for r in read_metrics(run) if r["event"] == "validation"]
        for run in (new_run, whole[0])
    ]
    assert losses[0] == losses[1]
    steps = [r["step"] for r in read_metrics(new_run) if r["event"] == "train"]
    assert steps == sorted(set(steps))


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


def test_a_changed_configuration_is_refused_by_its_key(config, whole):
    changed = load_config("tiny", f"data.source={config.data.source}", "train.epochs=3")
    with pytest.raises(UserError, match=r"(data|train|model)\.\w+ is .* but the run was started"):
        train(changed, resume=whole[0])
    other = config.model_copy(update={"seed": 5})
    with pytest.raises(UserError, match="seed is 5 but the run was started with 0"):
        train(other, resume=whole[0])


def test_a_changed_table_is_refused(config, table, whole):
    text = table.read_text()
    try:
        first, *rest = text.splitlines()
        day, *prices = rest[-1].split(",")
        low = float(prices[2])
        table.write_text("\n".join([first, *rest[:-1], f"{day},{low},{low},{low},{low}"]) + "\n")
        with pytest.raises(UserError, match="has changed since the run was trained"):
            train(config, resume=whole[0])
        with pytest.raises(UserError, match="has changed since the run was trained"):
            assert load_run(whole[0]).data
    finally:
        table.write_text(text)


def test_a_damaged_checkpoint_is_named_and_the_run_goes_on_from_the_one_before(
    config, data, new_run, whole
):
    with Session(config, data, new_run, stop=STEPS + 3) as trainer, pytest.raises(Interrupted):
        trainer.run(NEVER)
    last = new_run / "checkpoints" / str(STEPS + 3)
    victim = max((p for p in last.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    data_bytes = bytearray(victim.read_bytes())
    data_bytes[len(data_bytes) // 2] ^= 1
    victim.write_bytes(bytes(data_bytes))
    session = Session(config, data, new_run, resume=True)
    with session as trainer:
        assert trainer.place.step == STEPS
        assert any(f"checkpoint {STEPS + 3} is damaged" in line for line in session.said)
        trainer.run(NEVER)
        assert same(trainer.state, whole[1])


def test_what_a_kill_leaves_at_any_moment_goes_on_to_the_same_end(
    config, data, tmp_path, monkeypatch, whole
):
    """The folder of a stopped process, copied, is what a kill at that moment leaves."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "same.yaml").write_text(dump_yaml(config))
    cache = str(jax.config.jax_compilation_cache_dir)
    command = Command(tmp_path, "--config", "same.yaml", compiled=cache)
    run = Path(command.until("run runs/").split()[1])
    command.until("epoch 1: validation loss")
    moments = random.Random(0)
    while not list(run.glob("checkpoints/*/manifest.json")):
        time.sleep(0.01)
    for copy in "ab":
        time.sleep(moments.uniform(0, 0.2))
        command.process.send_signal(signal.SIGSTOP)
        shutil.copytree(run, copy)
        command.process.send_signal(signal.SIGCONT)
    command.process.kill()
    command.end()
    for copy in (Path("a"), Path("b"), run):
        with Session(config, data, copy, resume=True) as trainer:
            trainer.run(NEVER)
            assert same(trainer.state, whole[1])
        records = [(r["event"], r["step"]) for r in read_metrics(copy)]
        assert len(records) == len(set(records))
        assert {("train", n) for n in range(5, 46, 5)} < set(records)


def test_an_epoch_that_is_validated_after_a_resume_is_known_by_its_checkpoint(
    config, data, new_run, whole
):
    with Session(config, data, new_run, stop=STEPS) as trainer, pytest.raises(Interrupted):
        trainer.run(NEVER)
    assert load_run(new_run).manifest["validation_loss"] is None
    with (
        Session(config, data, new_run, stop=STEPS + 1, resume=True) as trainer,
        pytest.raises(Interrupted),
    ):
        trainer.run(NEVER)
    losses = [r["loss"] for r in read_metrics(whole[0]) if r["event"] == "validation"]
    found = load_run(new_run)
    assert (found.step, found.manifest["validation_loss"]) == (STEPS, losses[0])
    assert found.manifest["validated"] == 1


def test_a_key_changed_in_the_run_s_own_file_is_refused(config, data, whole, tmp_path):
    run = shutil.copytree(whole[0], tmp_path / "run")
    path = run / "config.yaml"
    path.write_text(path.read_text().replace("dropout: 0.1", "dropout: 0.2"))
    changed = load_config(path)
    sentence = "model.dropout is 0.2 but the run was started with 0.1"
    for read in (lambda: train(changed, resume=run), lambda: load_run(run)):
        with pytest.raises(UserError, match=sentence):
            read()


def test_a_run_without_a_checkpoint_is_never_started_anew_in_silence(config, data, new_run):
    with pytest.raises(UserError, match="no checkpoint is usable"):
        Session(config, data, new_run, resume=True)


def test_minutes_used_up_still_gives_a_step_a_validation_and_a_checkpoint(config, data, new_run):
    with Session(config, data, new_run) as trainer:
        trainer.run(time.monotonic() - 1)
        assert trainer.place.step == 1
    events = [r["event"] for r in read_metrics(new_run)]
    assert events == ["train", "validation"]
    loaded = load_run(new_run)
    assert (loaded.step, loaded.manifest["validation_loss"] > 0) == (1, True)
    assert params_sha256(loaded.params) == params_sha256(trainer.params)


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


def test_validation_is_the_mean_over_all_windows_whatever_fills_the_last_batch(
    config, data, new_run
):
    with Session(config, data, new_run) as trainer:
        mean = trainer.validation.loss(trainer.params, lambda: False)
        rows = data.windows("validation")
        assert len(rows) % config.train.batch_size
        alone = [
            trainer.validation._losses(trainer.params, data.device, jnp.full(4, row, jnp.int32))[0]
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
    device = data.device._replace(values=data.device.values.at[jnp.asarray(rows), 3].set(jnp.nan))
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
