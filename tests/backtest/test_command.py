"""The verb `backtest`: what it prints, and its exit status."""

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from pgat_jax.backtest import command
from pgat_jax.backtest.answer import write_answer
from pgat_jax.backtest.command import Request, describe_command, run_backtest
from pgat_jax.backtest.evaluation import list_baselines
from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError
from pgat_jax.forecasting.coverage_record import read_record

ROOT = Path(__file__).parents[2]
REQUEST = Request(date(2009, 11, 1), date(2010, 2, 28), 5, "never", baselines_only=True)


@pytest.fixture(autouse=True)
def plain_page(monkeypatch):
    """Writes a page without pictures; `test_page.py` renders the whole one."""
    monkeypatch.setattr(command, "render_page", lambda report, *_: write_answer(report)[0])


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("backtest")


def test_json_is_the_only_output_and_has_all_baselines(root, capsys):
    assert run_backtest(load_config("tiny"), REQUEST._replace(as_json=True), root) == 0
    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert figures["origins"] == 16
    assert set(figures["har_fhs"]["by_year"]) == {"2009", "2010"}
    assert "16 origins, 2009-11-02 to 2010-02-" in err


def test_the_answer_comes_before_the_tables(root, capsys):
    assert run_backtest(load_config("tiny"), REQUEST, root) == 0
    out = capsys.readouterr().out
    assert out.index("The best baseline") < out.index("skill: percent") < out.rindex("HAR-FHS")


def test_a_leak_is_said_first_and_gives_status_one(root, capsys, monkeypatch):
    monkeypatch.setattr(command, "make_report", lambda *args: make_leaking(*args))
    assert run_backtest(load_config("tiny"), REQUEST, root) == 1
    out, err = capsys.readouterr()
    assert out.startswith("LEAK: planted") and "LEAK: planted" in err


def make_leaking(*args, make=command.make_report):
    return make(*args) | {"leaks": ["LEAK: planted"]}


def test_an_interrupted_run_says_how_to_continue(root, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_arms", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_backtest(load_config("tiny"), REQUEST, root)
    assert "the same command continues" in capsys.readouterr().err


def test_the_page_is_written_below_the_root_or_where_the_user_wants_it(root, tmp_path, capsys):
    own = tmp_path / "own.html"
    for html, path in ((None, root / "baselines.html"), (own, own)):
        run_backtest(load_config("tiny"), REQUEST._replace(html=html), root)
        assert "The best baseline" in path.read_text()
        assert f"page: {path}" in capsys.readouterr().err


def test_the_command_of_a_request_has_its_flags():
    assert describe_command("tiny", REQUEST) == (
        "python run.py backtest --config tiny --refit never --from 2009-11-01 --to 2010-02-28 "
        "--step 5 --baselines-only"
    )
    plain = Request(refit="yearly")
    assert describe_command("a", plain) == "python run.py backtest --config a --refit yearly"


def test_the_model_is_scored_first_unless_it_is_left_out(root, monkeypatch, capsys):
    monkeypatch.setattr(
        command,
        "make_model_arm",
        lambda config, table, history, *_: list_baselines(history)["gjr_fhs"],
    )
    request = REQUEST._replace(baselines_only=False, as_json=True)
    run_backtest(load_config("tiny"), request, root)
    figures = json.loads(capsys.readouterr().out)
    assert list(figures)[:2] == ["origins", "model"]
    assert figures["model"]["pooled_skill"] == figures["gjr_fhs"]["pooled_skill"]
    assert figures["model"]["vs"]["gjr_fhs"] == {"low": 0.0, "high": 0.0}
    assert (root / "tiny.html").exists()
    record = read_record(load_config("tiny"), root)
    assert record.share == pytest.approx(figures["model"]["coverage_90_close"] / 100)
    assert record[1:] == (16, "back-test days (2009-11-02 to 2010-02-22)")


def test_an_untrained_model_has_a_page_of_its_own_and_needs_a_model(root, monkeypatch, capsys):
    given = []
    monkeypatch.setattr(
        command,
        "make_model_arm",
        lambda *args: given.append(args[-2]) or list_baselines(args[2])["har_fhs"],
    )
    request = REQUEST._replace(baselines_only=False, untrained=True)
    run_backtest(load_config("tiny"), request, root)
    assert given == [False] and (root / "tiny-untrained.html").exists()
    assert describe_command("tiny", request).endswith("--untrained")
    with pytest.raises(UserError, match="--untrained scores the model, --baselines-only leaves"):
        run_backtest(load_config("tiny"), request._replace(baselines_only=True), root)


@pytest.mark.slow
def test_a_process_that_was_killed_is_continued_to_the_same_figures(tmp_path):
    line = "backtest --config tiny --baselines-only --json --from 2016-06-01 --refit yearly"
    words = [sys.executable, str(ROOT / "run.py"), *line.split()]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir(), whole.mkdir()
    with subprocess.Popen(words, cwd=killed, env=environment, stdout=subprocess.DEVNULL) as process:
        while len(list(killed.rglob("*.npz"))) < 7 and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    assert 7 <= len(list(killed.rglob("*.npz"))) < 18
    results = [
        subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=True).stdout
        for folder in (killed, whole)
    ]
    assert results[0] == results[1] and json.loads(results[0])["origins"] > 600
