"""Each verb reads its configuration or run and hands its flags to one function."""

import argparse
import shlex
import shutil
import signal
from datetime import date
from pathlib import Path

import pytest

import pgat_jax.backtest.command
import pgat_jax.bench.bench
import pgat_jax.causes.gradient_check
import pgat_jax.causes.study
import pgat_jax.data.describe
import pgat_jax.forecasting.forecast_json
import pgat_jax.forecasting.forecast_text
import pgat_jax.forecasting.score_tables
import pgat_jax.pages.forecast_files
import pgat_jax.sky_test.sky_command
import pgat_jax.storage.folder
from pgat_jax import api, environment, load_config
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
    words = ["--config", "tiny", "--minutes", "2", "--run-name", "mine", "--seed", "3", "--quiet"]
    status, given = act("train", words, api, "train", api.Run(Path("runs/mine-1")))
    config = load_config("tiny", "seed=3")
    assert (status, given) == (None, (config, "mine", 2.0, None, None, True, STARTED))
    assert type(given[0]) is Config
    assert capsys.readouterr().out.startswith("runs/mine-1: report.html")


@pytest.mark.parametrize(("flag", "place"), [("--resume", 3), ("--from", 4)])
def test_train_takes_the_configuration_of_the_run_that_it_goes_on_from(
    act, monkeypatch, tmp_path, flag, place
):
    (tmp_path / "config.yaml").write_text("name: old\nseed: 7\n")
    monkeypatch.setattr(pgat_jax.storage.folder, "find_run", lambda run: tmp_path)
    _, given = act("train", [flag, "old"], api, "train", api.Run(tmp_path))
    assert (given[0].name, given[0].seed, given[place]) == ("old", 7, "old")


def test_an_interrupted_training_ends_with_the_signal_s_status(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise Interrupted("saved; continue with --resume", signal.SIGTERM)

    def leave(status):
        raise SystemExit(status)

    monkeypatch.setattr(api, "train", interrupt)
    monkeypatch.setattr("os._exit", leave)
    monkeypatch.setattr(environment, "prepare", lambda: None)
    with pytest.raises(SystemExit, match="143"):
        VERBS["train"].act(parse("train", "--config", "tiny"))
    assert "continue with --resume" in capsys.readouterr().err


def test_train_takes_several_files_a_run_each_and_writes_one_table(monkeypatch, capsys):
    calls, written = [], []

    class Trained(api.Run):
        def forecast_prices(self):
            return f"prices of {self.name}"

    def train(**named):
        calls.append(named)
        return Trained(Path(f"runs/{len(calls)}"))

    def write(forecasts, made_at, output, folder, say):
        written.append((forecasts, output, folder))
        return [Path("runs/forecast-2018-12-31.csv")]

    monkeypatch.setattr(environment, "prepare", lambda: None)
    monkeypatch.setattr(api, "train", train)
    monkeypatch.setattr(pgat_jax.pages.forecast_files, "write_forecasts", write)
    VERBS["train"].act(parse("train", "--config", "tiny", "--data", "a b.csv", "--data", "c.csv"))
    assert [named["config"].data.source for named in calls] == ["a b.csv", "c.csv"]
    assert [named["started"] for named in calls] == [STARTED, None]
    assert written == [(["prices of 1", "prices of 2"], None, Path("runs"))]
    assert capsys.readouterr().out.splitlines()[-1] == "runs/forecast-2018-12-31.csv"


@pytest.fixture
def run(monkeypatch):
    """A run that notes the calls of its methods, in the place of every run that is loaded."""
    run = FakeRun()
    monkeypatch.setattr(environment, "prepare", lambda: None)
    monkeypatch.setattr(pgat_jax.storage.folder, "newest_run", lambda name: Path(f"newest-{name}"))
    monkeypatch.setattr(pgat_jax.storage.folder, "find_run", lambda run: Path(f"found-{run}"))
    monkeypatch.setattr(api, "load_run", lambda path, quiet: run.open(path, quiet))
    return run


class FakeRun:
    def __init__(self):
        self.calls = []

    def open(self, *words):
        self.calls.append(words)
        return self

    def score(self, *words):
        self.calls.append(words)
        return {"score": 1}

    def forecast_prices(self, *words):
        self.calls.append(words)
        return f"prices of {words[0]}"

    def report(self):
        return Path("runs/a/report.html")


def test_evaluate_takes_the_newest_run_of_a_configuration_or_the_run_that_is_named(
    run, monkeypatch, capsys
):
    monkeypatch.setattr(pgat_jax.forecasting.score_tables, "print_scores", print)
    for words in ([], ["--config", "tiny"], ["a", "--data", "d.csv", "--quiet"]):
        VERBS["evaluate"].act(parse("evaluate", *words))
    assert run.calls == [
        (Path("newest-None"), False),
        (None,),
        (Path("newest-tiny"), False),
        (None,),
        (Path("found-a"), True),
        ("d.csv",),
    ]
    capsys.readouterr()
    VERBS["evaluate"].act(parse("evaluate", "a", "--json"))
    assert capsys.readouterr().out == '{"score": 1}\n'
    with pytest.raises(UserError, match="RUN and --config both name a run"):
        VERBS["evaluate"].act(parse("evaluate", "a", "--config", "tiny"))


def test_forecast_hands_over_files_date_levels_and_days(run, monkeypatch, capsys):
    written = []

    def write(forecasts, made_at, output, folder, say):
        written.append((forecasts, output, folder))
        return [Path("f.csv")]

    monkeypatch.setattr(pgat_jax.pages.forecast_files, "write_forecasts", write)
    monkeypatch.setattr(pgat_jax.forecasting.forecast_text, "print_forecast", print)
    words = ["a", "--data", "d.csv", "--data", "e.csv", "--from", "2018-06-29", "--days", "2"]
    VERBS["forecast"].act(parse("forecast", *words, "--quantiles", ".9,.1"))
    assert run.calls[1:] == [
        ("d.csv", 2, (0.1, 0.9), "2018-06-29"),
        ("e.csv", 2, (0.1, 0.9), "2018-06-29"),
    ]
    both = ["prices of d.csv", "prices of e.csv"]
    assert written == [(both, None, Path("found-a"))]
    assert capsys.readouterr().out.splitlines() == [*both, "f.csv"]


def test_forecast_as_json_writes_files_only_where_it_is_told(run, monkeypatch, capsys, tmp_path):
    written = []
    monkeypatch.setattr(
        pgat_jax.pages.forecast_files, "write_forecasts", lambda *a: written.append(a) or []
    )
    monkeypatch.setattr(
        pgat_jax.forecasting.forecast_json, "encode_forecast", lambda forecast, now: f"[{forecast}]"
    )
    VERBS["forecast"].act(parse("forecast", "a", "--json"))
    assert (capsys.readouterr().out, written) == ("[prices of None]\n", [])
    VERBS["forecast"].act(parse("forecast", "--json", "--output", str(tmp_path / "f.csv")))
    assert len(written) == 1


def test_bad_levels_and_files_are_refused_before_the_run_is_read(run):
    for words in (["--quantiles", "2"], ["--output", "f.txt"], ["--output", "missing/f.csv"]):
        with pytest.raises(UserError, match=r"^--(quantiles|output)"):
            VERBS["forecast"].act(parse("forecast", "a", *words))
    assert run.calls == []


def test_report_names_the_page(run, capsys):
    VERBS["report"].act(parse("report", "a", "--quiet"))
    assert run.calls == [(Path("found-a"), True)]
    assert capsys.readouterr().out == "runs/a/report.html\n"


def test_runs_are_listed_shown_compared_and_deleted(make_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        shutil.copytree(make_run("mse"), tmp_path / "runs" / name)
    for words, shown in (
        ([], ["one", "two"]),
        (["list"], ["one", "two"]),
        (["show", "one"], ["one", "0 of 500"]),
        (["compare", "one", "two"], ["one", "two", "configurations differ"]),
        (["delete", "one", "--yes"], ["runs/one: deleted"]),
    ):
        VERBS["runs"].act(parse("runs", *words))
        out = capsys.readouterr().out
        assert all(word in out for word in shown)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["two"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show"], "runs show: got 0 runs, expected 1."),
        (["compare", "one"], "runs compare: got 1 runs, expected 2."),
        (["list", "one"], "runs list: got 1 runs, expected 0."),
        (["delete", "one"], "runs delete: runs/one cannot be restored: add --yes to delete it."),
        (["show", "none"], "run 'none': no such folder"),
    ],
)
def test_a_wrong_call_of_runs_changes_nothing(make_run, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(make_run("mse"), tmp_path / "runs" / "one")
    with pytest.raises(UserError) as refusal:
        VERBS["runs"].act(parse("runs", *words))
    assert str(refusal.value).startswith(sentence)
    assert (tmp_path / "runs" / "one" / "config.yaml").exists()


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
