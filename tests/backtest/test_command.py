"""The verb `backtest`: what it prints, and its exit status."""

import json
from datetime import date

import pytest

from pgat_jax.backtest import command
from pgat_jax.backtest.command import Request, run_backtest
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.config_file import load_config

REQUEST = Request(date(2009, 11, 1), date(2010, 2, 28), 5, "never", baselines_only=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> ScoreStore:
    return ScoreStore(tmp_path_factory.mktemp("store"))


def test_json_is_the_only_output_and_has_all_baselines(store, capsys):
    assert run_backtest(load_config("tiny"), REQUEST._replace(as_json=True), store) == 0
    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert figures["origins"] == 16
    assert set(figures["har_fhs"]["by_year"]) == {"2009", "2010"}
    assert "16 origins, 2009-11-02 to 2010-02-" in err


def test_the_answer_comes_before_the_tables(store, capsys):
    assert run_backtest(load_config("tiny"), REQUEST, store) == 0
    out = capsys.readouterr().out
    assert out.index("The best baseline") < out.index("skill: percent") < out.rindex("HAR-FHS")


def test_a_leak_is_said_first_and_gives_status_one(store, capsys, monkeypatch):
    monkeypatch.setattr(command, "make_report", lambda *args: make_leaking(*args))
    assert run_backtest(load_config("tiny"), REQUEST, store) == 1
    out, err = capsys.readouterr()
    assert out.startswith("LEAK: planted") and "LEAK: planted" in err


def make_leaking(*args, make=command.make_report):
    return make(*args) | {"leaks": ["LEAK: planted"]}


def test_an_interrupted_run_says_how_to_continue(store, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_arms", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_backtest(load_config("tiny"), REQUEST, store)
    assert "the same command continues" in capsys.readouterr().err
