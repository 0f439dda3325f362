"""evaluate: strict JSON, scores that can be recomputed, baselines on the same windows."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting import evaluate, predict
from pgat_jax.forecasting.new_rows import load_new_rows
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import load_run


@pytest.fixture(scope="module", params=["mse", "nll"])
def run(request, scored_run):
    return scored_run(request.param)


@pytest.fixture(scope="module")
def scores(run):
    return json.loads((run / "scores.json").read_text(), parse_constant=pytest.fail)


def test_scores_hold_model_and_three_baselines_for_both_splits(scores):
    assert set(scores["splits"]) == {"validation", "test"}
    for split in scores["splits"].values():
        assert list(split["forecasters"]) == [
            "model",
            "zero_return",
            "historical_mean",
            "last_250_days",
        ]
        assert (split["windows"], len(split["conclusions"]) > 0) == (48, True)


def test_the_model_s_mse_is_that_of_its_outputs_on_the_batches(run, scores):
    loaded = load_run(run)
    errors = []
    for first in range(0, len(loaded.data.windows("test")), predict.CHUNK):
        batch = loaded.data.batch("test", np.arange(first, first + predict.CHUNK))
        point = loaded.model.apply(loaded.params, batch).point
        errors.append(np.mean((point - batch.target) ** 2))
    table = scores["splits"]["test"]["forecasters"]["model"]["scaled"]["mse"]
    assert table["all"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert np.mean(list(table["by_target"].values())) == pytest.approx(table["all"])
    assert np.mean(table["by_day"]) == pytest.approx(table["all"])


def test_the_split_s_last_forecast_day_is_the_table_s_last_day(scores):
    assert scores["splits"]["test"]["last_day"] == scores["data"]["last_date"]
    assert scores["splits"]["validation"]["last_day"] < scores["splits"]["test"]["first_day"]


def test_zero_return_scores_are_those_of_returns_themselves(run, scores):
    loaded = load_run(run)
    rows = predict.find_predicted_rows(loaded.data, "test")
    returns = loaded.data.table.values[rows, 3]
    table = scores["splits"]["test"]["forecasters"]["zero_return"]
    assert table["returns"]["mse"]["by_target"]["Close"] == pytest.approx(np.mean(returns**2))
    assert table["direction"]["by_target"]["Close"] == 0.5


def test_the_digest_is_that_of_the_parameters(run, scores):
    assert scores["params_sha256"] == hash_params(load_run(run).params)


def test_a_point_model_gets_validation_spread_on_the_test_alone(scored_run):
    splits = json.loads((scored_run("mse") / "scores.json").read_text())["splits"]
    assert "coverage" not in splits["validation"]["forecasters"]["model"]
    assert "coverage" in splits["test"]["forecasters"]["model"]
    assert "validation" in splits["test"]["spread"]


def test_a_mixture_model_has_every_score(scored_run):
    splits = json.loads((scored_run("nll") / "scores.json").read_text())["splits"]
    model = splits["validation"]["forecasters"]["model"]
    assert set(model["scaled"]) == {"mse", "mae", "crps", "log_score"}
    assert set(model["coverage"]) == {"50%", "80%", "90%"}


def test_new_rows_are_scored_after_the_days_seen_and_leave_the_run_as_it_is(scored_run, tmp_path):
    run = load_run(scored_run("mse"))
    table, before = run.data.table, (run.path / "scores.json").read_bytes()
    frame = pd.DataFrame(table.prices[-80:], columns=list(PRICES))
    frame.insert(0, "Date", table.dates[-80:].astype(str))
    frame.to_csv(tmp_path / "new.csv", index=False)
    rows = load_new_rows(run, tmp_path / "new.csv", lambda line: None)
    scores = evaluate.score_new_rows(run, rows)
    json.dumps(scores, allow_nan=False)
    own = json.loads(before)["splits"]["test"]
    assert list(scores["splits"]) == ["test"]
    test = scores["splits"]["test"]
    for name in ("windows", "first_day", "last_day", "spread"):
        assert test[name] == own[name]
    model, same = (s["forecasters"]["model"]["scaled"]["mse"]["all"] for s in (test, own))
    assert model == pytest.approx(same, rel=1e-3)
    assert scores["data"]["source"] == str(tmp_path / "new.csv")
    assert (run.path / "scores.json").read_bytes() == before


def test_scores_of_these_parameters_are_read_and_others_are_computed_again(
    scored_run, tmp_path, monkeypatch
):
    loaded = replace(load_run(scored_run("nll")), path=tmp_path)
    calls = []
    monkeypatch.setattr(evaluate, "score_run", lambda run: calls.append(run) or {"new": True})
    for digest, expected in ((hash_params(loaded.params), "stored"), ("0" * 64, "new")):
        (tmp_path / "scores.json").write_text(f'{{"params_sha256": "{digest}", "stored": true}}')
        assert evaluate.load_or_score(loaded)[expected]
    (tmp_path / "scores.json").write_text("damaged")
    assert evaluate.load_or_score(loaded) == {"new": True}
    assert calls == [loaded, loaded]


def test_a_run_that_cannot_be_scored_has_no_scores(scored_run, tmp_path):
    loaded = load_run(scored_run("nll"))
    changed = replace(loaded, path=tmp_path, meta=loaded.meta | {"data_hash": "0" * 64})
    assert evaluate.load_or_score(changed) is None
    assert not list(tmp_path.iterdir())
