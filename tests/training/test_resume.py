"""Resumed runs end bitwise where an unbroken run does; changed or damaged ones are refused."""

import io
import random
import shutil
import signal
import time
from pathlib import Path

import jax
import pytest

from pgat_jax import load_config
from pgat_jax.config_file import dump_yaml
from pgat_jax.errors import UserError
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.storage.metrics import read_metrics
from pgat_jax.training.interrupts import Interrupted
from pgat_jax.training.train import train
from tests.training.session import STEPS, open_session, same
from tools.commands import Command


def test_resumed_runs_end_bitwise_where_an_uninterrupted_one_does(plan, data, new_run, whole):
    """The run stops between two updates, at an epoch's end before its validation, and later."""
    for i, stop in enumerate((7, STEPS, STEPS + 5)):
        with open_session(plan, data, new_run, stop=stop, resume=i > 0) as trainer:
            with pytest.raises(Interrupted, match="--resume") as caught:
                trainer.run()
            assert caught.value.status == 130
            assert trainer.loop_state.step == stop
    with open_session(plan, data, new_run, resume=True) as trainer:
        trainer.run()
        assert same(trainer.state, whole[1])
    assert hash_params(trainer.params) == hash_params(load_run(whole[0], "last").params)
    losses = [
        [r["loss"] for r in read_metrics(run) if r["event"] == "validation"]
        for run in (new_run, whole[0])
    ]
    assert losses[0] == losses[1]
    steps = [r["step"] for r in read_metrics(new_run) if r["event"] == "train"]
    assert steps == sorted(set(steps))


def test_an_epoch_that_is_validated_after_a_resume_is_known_by_its_checkpoint(
    plan, data, new_run, whole
):
    with open_session(plan, data, new_run, stop=STEPS) as trainer, pytest.raises(Interrupted):
        trainer.run()
    assert load_run(new_run).meta["validation_loss"] is None
    with (
        open_session(plan, data, new_run, stop=STEPS + 1, resume=True) as trainer,
        pytest.raises(Interrupted),
    ):
        trainer.run()
    losses = [r["loss"] for r in read_metrics(whole[0]) if r["event"] == "validation"]
    found = load_run(new_run)
    assert (found.step, found.meta["validation_loss"]) == (STEPS, losses[0])
    assert found.meta["validated"] == 1


def test_a_damaged_checkpoint_is_named_and_the_run_goes_on_from_the_one_before(
    plan, data, new_run, whole
):
    with open_session(plan, data, new_run, stop=STEPS + 3) as trainer, pytest.raises(Interrupted):
        trainer.run()
    last = new_run / "checkpoints" / str(STEPS + 3)
    victim = max((p for p in last.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    data_bytes = bytearray(victim.read_bytes())
    data_bytes[len(data_bytes) // 2] ^= 1
    victim.write_bytes(bytes(data_bytes))
    output = io.StringIO()
    with open_session(plan, data, new_run, resume=True, output=output) as trainer:
        assert trainer.loop_state.step == STEPS
        assert f"checkpoint {STEPS + 3} is damaged" in output.getvalue()
        trainer.run()
        assert same(trainer.state, whole[1])


@pytest.mark.slow
def test_what_a_kill_leaves_at_any_moment_goes_on_to_the_same_end(
    config, plan, data, tmp_path, monkeypatch, whole
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
        with open_session(plan, data, copy, resume=True) as trainer:
            trainer.run()
            assert same(trainer.state, whole[1])
        records = [(r["event"], r["step"]) for r in read_metrics(copy)]
        assert len(records) == len(set(records))
        assert {("train", n) for n in range(5, 46, 5)} < set(records)


def test_a_run_without_a_checkpoint_is_never_started_anew_in_silence(plan, data, new_run):
    opening = open_session(plan, data, new_run, resume=True)
    with pytest.raises(UserError, match="no checkpoint is usable"), opening:
        pass


def test_a_changed_configuration_is_refused_by_its_key(config, whole):
    changed = load_config("tiny", f"data.source={config.data.source}", "train.epochs=3")
    with pytest.raises(UserError, match=r"(data|train|model)\.\w+ is .* but the run was started"):
        train(changed, resume=whole[0])
    other = config.model_copy(update={"seed": 5})
    with pytest.raises(UserError, match="seed is 5 but the run was started with 0"):
        train(other, resume=whole[0])


def test_a_key_changed_in_the_run_s_own_file_is_refused(config, data, whole, tmp_path):
    run = shutil.copytree(whole[0], tmp_path / "run")
    path = run / "config.yaml"
    path.write_text(path.read_text().replace("dropout: 0.1", "dropout: 0.2"))
    changed = load_config(path)
    sentence = "model.dropout is 0.2 but the run was started with 0.1"
    for read in (lambda: train(changed, resume=run), lambda: load_run(run)):
        with pytest.raises(UserError, match=sentence):
            read()


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
