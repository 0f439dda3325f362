"""The calls of Python, on runs of the tiny model that other tests share."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pgat_jax
from pgat_jax import api, load_config
from pgat_jax.data.columns import PRICES
from pgat_jax.errors import UserError
from pgat_jax.storage.summary import RunSummary


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The calls leave the environment of the tests as it is."""
    monkeypatch.setattr(pgat_jax, "prepare", lambda: None)


@pytest.fixture(scope="module")
def run(scored_run):
    return api.load_run(scored_run("nll"), quiet=True)


@pytest.fixture(scope="module")
def frame(run):
    """Sixty days as a DataFrame; none are new to the run."""
    table = run.loaded.data.table
    index = pd.DatetimeIndex(table.dates[-60:].astype("datetime64[ns]"), name="Date")
    return pd.DataFrame(table.prices[-60:], columns=list(PRICES), index=index)


def test_a_forecast_is_a_table_by_date_with_prices_and_quantiles(run, capsys):
    found = run.forecast(quantiles=(0.9, 0.1))
    assert isinstance(found.index, pd.DatetimeIndex) and found.index.name == "date"
    assert [str(day.date()) for day in found.index] == ["2019-01-02", "2019-01-03", "2019-01-04"]
    expected = [f"{price}_{column}" for price in PRICES for column in ("forecast", "q0.1", "q0.9")]
    assert list(found) == expected
    assert (found["Low_q0.1"] < found["High_q0.9"]).all()
    assert (found.attrs["origin"], found.attrs["run"]) == ("2018-12-31", run.name)
    assert found.attrs["trust"].startswith("How far to trust it")
    assert capsys.readouterr() == ("", "")


def test_rows_of_a_dataframe_give_the_forecast_of_the_run_s_own_table(run, frame):
    own = run.forecast(days=2)
    given = run.forecast(frame, days=2)
    np.testing.assert_allclose(given, own, rtol=1e-5)
    assert given.attrs["source"] == "DataFrame"
    assert len(given) == 2


def test_days_that_are_known_have_their_true_prices(run, frame):
    found = run.forecast(frame, start=str(frame.index[-3].date()), days=1)
    assert found["Close"].iloc[0] == pytest.approx(frame["Close"].iloc[-2])


def test_an_evaluation_is_a_table_by_split_and_forecaster(run, frame):
    own = run.evaluate()
    assert set(own.index.get_level_values("split")) == {"validation", "test"}
    new = run.evaluate(frame)
    assert set(new.index.get_level_values("split")) == {"test"}
    assert new.loc[("test", "model"), "mse"] == pytest.approx(
        own.loc[("test", "model"), "mse"], 1e-3
    )


def test_a_back_test_is_a_table_by_forecaster(run, tmp_path, monkeypatch):
    requests = []

    def make(config, request, table):
        requests.append((config, request, table.hash))
        skill = {"pooled": {"value": 1.0, "low": 0.5, "high": 1.5, "low_quarter": 0.0}}
        coverage = {"90%": {"Close": 89.0}}
        return {
            "forecasters": {"zero": {"skill": skill, "coverage": coverage}}
        }, tmp_path / "p.html"

    monkeypatch.setattr(api, "make_backtest", make)
    found = run.backtest(step=5, baselines_only=True)
    assert found.loc["zero"].to_dict() == {"skill": 1.0, "low": 0.5, "high": 1.5, "coverage": 89.0}
    assert found.attrs == {"page": str(tmp_path / "p.html")}
    ((config, request, digest),) = requests
    assert (config, digest) == (run.config, run.loaded.data.table.hash)
    assert (request.step, request.refit, request.baselines_only) == (5, "never", True)


def test_runs_are_a_table_by_name(run, tmp_path):
    shutil.copytree(run.path, tmp_path / "one")
    found = pgat_jax.runs(tmp_path)
    assert list(found.index) == ["one"]
    assert list(found) == list(RunSummary._fields[1:])
    assert found.loc["one", "configuration"] == "tiny-nll"
    assert len(api.runs(tmp_path / "nowhere")) == 0


def test_a_run_shows_itself_compares_itself_and_is_deleted(run, tmp_path):
    copy = api.Run(shutil.copytree(run.path, tmp_path / "copy"))
    assert "copy" in copy._repr_html_()
    compared = copy.compare(run)
    assert list(compared) == ["copy", run.name]
    assert compared.loc["steps"].tolist() == ["0 of 500"] * 2
    assert copy.delete() == []
    with pytest.raises(UserError, match="no such folder"):
        api.load_run(copy.path)


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """What `train` hands to the loop of training."""
    found = []

    def note(config, *rest, **named):
        found.append((config, rest, named))
        return tmp_path / "new"

    monkeypatch.setattr(api, "train_run", note)
    return found


def test_training_takes_a_source_a_configuration_and_keys(calls, tmp_path):
    run = api.train("my prices.csv", "tiny", epochs=5, **{"mesh.data": 1}, minutes=2, quiet=True)
    assert (run.path, run.quiet) == (tmp_path / "new", True)
    ((config, rest, named),) = calls
    assert (config.data.source, config.train.epochs, config.mesh.data) == ("my prices.csv", 5, 1)
    assert rest == (None, None, 2, None)
    assert named == {"warm_start": None, "table": None}


def test_training_on_a_dataframe_hands_its_table_over(calls, frame):
    api.train(frame, load_config("tiny"))
    ((config, _, named),) = calls
    assert config.data.source == named["table"].source == "DataFrame"
    assert len(named["table"]) == 59


def test_a_run_continues_or_starts_another_with_its_own_configuration(calls, run):
    api.train(resume=run)
    api.train("longer.csv", warm_start=run, epochs=9)
    (first, rest, _), (second, _, named) = calls
    assert (first, rest[1]) == (run.config, run.path)
    assert (second.name, second.train.epochs) == (run.config.name, 9)
    assert named["warm_start"] == run.path


def test_a_wrong_key_is_refused_before_anything_is_trained(calls):
    with pytest.raises(UserError, match=r"unknown key; did you mean 'train.epochs'"):
        api.train(config="tiny", epocs=3)
    assert calls == []


def test_the_package_has_its_calls_and_imports_nothing_heavy_before_one_is_used():
    assert set(dir(pgat_jax)) >= {"Run", "load_run", "runs", "train"}
    assert pgat_jax.train is api.train and pgat_jax.runs is api.runs
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pgat_jax.nothing
    code = (
        "import sys, time; start = time.process_time(); import pgat_jax; "
        "assert time.process_time() - start < 0.5; "
        "assert not {'jax', 'numpy', 'pandas'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_the_snippet_of_the_readme_uses_these_calls(run, monkeypatch):
    text = (Path(__file__).parents[1] / "README.md").read_text()
    (snippet,) = re.findall(r"^```py\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    given = []
    monkeypatch.setattr(api, "train", lambda *words, **keys: given.append((words, keys)) or run)
    monkeypatch.setattr(api.Run, "forecast", lambda self, days: given.append(days))
    exec(snippet, {})  # noqa: S102
    assert given == [(("prices.csv",), {"config": "forecaster"}), 5]
