"""Each verb reads its configuration or run and hands its flags to one function."""

import argparse
import shlex
import signal
from datetime import date
from pathlib import Path

import pytest

import pgat_jax.backtest.command
import pgat_jax.bench.bench
import pgat_jax.causes.gradient_check
import pgat_jax.causes.study
import pgat_jax.data.describe
import pgat_jax.forecasting.evaluate
import pgat_jax.forecasting.forecast
import pgat_jax.forecasting.forecast_text
import pgat_jax.pages.forecast_picture
import pgat_jax.sky_test.sky_command
import pgat_jax.storage.folder
import pgat_jax.training.train
from pgat_jax import environment, load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.config import Config
from pgat_jax.errors import UserError
from pgat_jax.training.interrupts import Interrupted
from pgat_jax.verbs import STARTED, VERBS


def parse(verb: str, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    VERBS[verb].add_flags(parser)
    return parser.parse_intermixed_args(words)


@pytest.fixture
def act(monkeypatch):
    """Runs a verb with one function replaced; returns the function's arguments."""
    monkeypatch.setattr(environment, "prepare", lambda: None)

    def run(verb, words, module, name, result=None):
        calls = []

        def note(*args, **named):
            calls.append((*args, *named.values()))
            return result

        monkeypatch.setattr(module, name, note)
        status = VERBS[verb].act(parse(verb, *words))
        (arguments,) = calls
        return status, arguments

    return run


@pytest.mark.parametrize("verb", VERBS)
def test_examples_of_a_verb_are_command_lines_of_it(verb):
    assert VERBS[verb].examples
    for line in VERBS[verb].examples:
        words = shlex.split(line)
        assert parse(verb, *(words[1:] if words[0] == verb else words))


def test_a_summary_is_one_short_line_without_a_full_stop():
    for verb in VERBS.values():
        assert 0 < len(verb.summary) < 85 and verb.summary[-1] != "." and "\n" not in verb.summary


def test_train_hands_over_name_run_minutes_and_the_start(act, capsys):
    words = ["--config", "tiny", "--minutes", "2", "--run-name", "mine", "--seed", "3"]
    status, given = act("train", words, pgat_jax.training.train, "train", Path("runs/mine-1"))
    config = load_config("tiny", "seed=3")
    assert (status, given) == (None, (config, "mine", None, 2.0, STARTED, None))
    assert type(given[0]) is Config
    assert capsys.readouterr().out.startswith("runs/mine-1: report.html")


def test_train_continues_a_run_with_the_run_s_own_configuration(act, monkeypatch, tmp_path):
    (tmp_path / "config.yaml").write_text("name: old\nseed: 7\n")
    monkeypatch.setattr(pgat_jax.storage.folder, "find_run", lambda run: tmp_path)
    _, given = act("train", ["--resume", "old"], pgat_jax.training.train, "train", tmp_path)
    assert (given[0].name, given[0].seed, given[2]) == ("old", 7, "old")


def test_an_interrupted_training_ends_with_the_signal_s_status(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise Interrupted("saved; continue with --resume", signal.SIGTERM)

    def leave(status):
        raise SystemExit(status)

    monkeypatch.setattr(pgat_jax.training.train, "train", interrupt)
    monkeypatch.setattr("os._exit", leave)
    monkeypatch.setattr(environment, "prepare", lambda: None)
    with pytest.raises(SystemExit, match="143"):
        VERBS["train"].act(parse("train", "--config", "tiny"))
    assert "continue with --resume" in capsys.readouterr().err


def test_evaluate_takes_the_newest_run_of_a_configuration_or_the_run_that_is_named(
    act, monkeypatch
):
    monkeypatch.setattr(pgat_jax.storage.folder, "newest_run", lambda name: Path(f"newest-{name}"))
    monkeypatch.setattr(pgat_jax.storage.folder, "find_run", lambda run: Path(f"found-{run}"))
    place = (pgat_jax.forecasting.evaluate, "evaluate_run")
    assert act("evaluate", [], *place)[1] == (Path("newest-None"), False, None)
    assert act("evaluate", ["--config", "tiny"], *place)[1] == (Path("newest-tiny"), False, None)
    words = ["a", "--json", "--data", "d.csv"]
    assert act("evaluate", words, *place)[1] == (Path("found-a"), True, "d.csv")
    with pytest.raises(UserError, match="RUN and --config both name a run"):
        act("evaluate", ["a", "--config", "tiny"], *place)


def test_backtest_hands_over_origins_and_refits_and_returns_the_status(act):
    words = ["--config", "tiny", "--from", "2012-01-03", "--step", "5", "--refit", "yearly"]
    place = (pgat_jax.backtest.command, "run_backtest")
    status, (config, request) = act("backtest", words, *place, 1)
    assert (status, config) == (1, load_config("tiny"))
    assert request == (date(2012, 1, 3), None, 5, "yearly", False, False, None, False)
    words = ["--baselines-only", "--json", "--html", "p.html"]
    assert act("backtest", words, *place)[1][1][-4:-1] == (True, True, Path("p.html"))
    assert act("backtest", ["--untrained"], *place)[1][1].untrained


def test_sky_hands_over_the_request(act):
    place = (pgat_jax.sky_test.sky_command, "run_sky")
    words = ["--config", "tiny", "--quick", "--html", "p.html"]
    status, (config, request) = act("sky", words, *place)
    assert (status, config) == (None, load_config("tiny"))
    assert request == (True, False, Path("p.html"))


def test_data_reads_any_recipe(act):
    words = ["--config", "original", "--output", "t.csv"]
    _, given = act("data", words, pgat_jax.data.describe, "describe")
    assert given == (load_config("original", schema=StudyConfig), Path("t.csv"))


def test_bench_reads_a_recipe_without_faults(act):
    place = (pgat_jax.bench.bench, "bench")
    assert act("bench", ["--config", "tiny"], *place)[1] == (load_config("tiny"), False, None)
    with pytest.raises(UserError, match=r"unknown key 'faults'.*`check` and `causes`"):
        act("bench", ["--config", "original"], *place)


def test_check_returns_the_status_of_the_checks(act):
    words = ["--config", "tiny", "--static", "--fault", "a", "--without", "b", "--json", "r.json"]
    status, given = act("check", words, pgat_jax.causes.gradient_check, "check_gradients", 1)
    config = load_config("tiny", schema=StudyConfig)
    assert status == 1
    assert given == (config, True, None, Path("r.json"), None, ["a"], ["b"])


def test_causes_reads_the_original_unless_another_is_named(act):
    place = (pgat_jax.causes.study, "run_causes")
    _, given = act("causes", ["--only", "1.1", "--quick"], *place)
    config = load_config("original", schema=StudyConfig)
    assert given == (config, ("1.1",), None, True, None, None)
    assert act("causes", ["--config", "tiny"], *place)[1][0].name == "tiny"


def test_config_prints_a_configuration_that_reads_back(capsys, tmp_path):
    VERBS["config"].act(parse("config", "--config", "tiny", "seed=4"))
    path = tmp_path / "printed.yaml"
    path.write_text(capsys.readouterr().out)
    assert load_config(path) == load_config("tiny", "seed=4")
