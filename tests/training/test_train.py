"""Training from a configuration: what is refused before a folder is made, and what is written."""

import io
from pathlib import Path

import pytest
from rich.console import Console

import pgat_jax.training.train
from pgat_jax.errors import UserError
from pgat_jax.progress import Reporter
from pgat_jax.training.train import finish_run, train


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_more_windows_a_batch_than_there_are_are_refused_before_a_folder_is_made(config, folder):
    large = config.model_copy(
        update={"train": config.train.model_copy(update={"batch_size": 1000})}
    )
    with pytest.raises(UserError, match=r"train.batch_size: got 1000, expected at most 9\d"):
        train(large)
    assert not list(folder.iterdir())


def test_a_mesh_that_the_devices_cannot_form_is_refused_before_a_folder_is_made(config, folder):
    large = config.model_copy(update={"mesh": config.mesh.model_copy(update={"data": 4096})})
    with pytest.raises(UserError, match=r"mesh.data \(4096\) x mesh.fsdp \(1\) = 4096"):
        train(large)
    assert not list(folder.iterdir())


def test_a_run_that_is_not_there_is_refused(config, folder):
    with pytest.raises(UserError, match="run 'nowhere': no such folder"):
        train(config, resume="nowhere")


def test_a_run_that_is_finished_takes_no_step_and_says_so(config, whole, monkeypatch, capsys):
    finished = []
    monkeypatch.setattr(pgat_jax.training.train, "finish_run", lambda *a: finished.append(a[0]))
    monkeypatch.setattr(pgat_jax.training.train, "open_trainer", None)
    assert train(config, resume=whole[0]) == whole[0]
    assert finished == [whole[0]]
    assert "nothing left to train" in capsys.readouterr().err


def test_a_warm_start_of_another_model_is_refused_before_a_folder_is_made(config, whole, folder):
    wide = config.model_copy(update={"model": config.model.model_copy(update={"d_ff": 64})})
    with pytest.raises(UserError, match=r"--from .* a warm start keeps the keys of `model`"):
        train(wide, warm_start=whole[0])
    assert not list(folder.iterdir())


def test_a_run_keeps_the_calendar_that_was_found(config, folder, monkeypatch):
    kept = []

    def stop(config, run_name):
        kept.append(config)
        raise UserError("stop here")

    monkeypatch.setattr(pgat_jax.training.train, "create_run", stop)
    assert config.data.calendar == "auto"
    with pytest.raises(UserError, match="stop here"):
        train(config)
    assert kept[0].data == config.data.model_copy(update={"calendar": "XNYS"})


@pytest.mark.slow
def test_a_run_that_has_ended_is_resumed_and_gets_its_scores_forecasts_pictures_and_page(
    config, whole
):
    run = train(config, resume=whole[0])
    assert run == whole[0]
    for name in ("scores.json", "forecasts.csv", "next_days.json", "report.html"):
        assert (run / name).stat().st_size > 0
    assert list((run / "pictures").glob("*.png"))


def test_what_is_written_at_the_end_is_announced_first(monkeypatch):
    def fail(run):
        raise UserError("cannot be read")

    monkeypatch.setattr(pgat_jax.training.train, "load_run", lambda run, say: run)
    monkeypatch.setattr(pgat_jax.training.train, "score_run", fail)
    output = io.StringIO()
    with pytest.raises(UserError):
        finish_run(Path("nowhere"), Reporter(Console(file=output)))
    assert output.getvalue() == "scores ...\n"
