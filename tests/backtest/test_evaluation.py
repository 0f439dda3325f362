"""Runs of forecasters over years: resumed runs equal undisturbed ones."""

import io

import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest.evaluation import list_baselines, run_arms, score_block
from pgat_jax.backtest.forecasters import BASELINES
from pgat_jax.backtest.origins import plan_blocks
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.progress import Reporter

ROWS = np.arange(500, 697, 7)


def run(history, root, arms=None):
    dates = history.dates[: len(history)]
    blocks = plan_blocks(ROWS, dates, "yearly")
    out = io.StringIO()
    reporter = Reporter(Console(file=out, width=100), line_seconds=0.0)
    arms = arms or list_baselines(history)
    return run_arms(arms, history, "table", blocks, ScoreStore(root), reporter), out.getvalue()


def stop_at_the_second(arm):
    """Returns the fit of a forecaster that is interrupted when it is called again."""
    calls = []

    def fit(block):
        calls.append(block)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return arm.fit(block)

    return fit


def test_scores_of_all_forecasters_are_of_the_same_origins_and_progress_is_shown(history, tmp_path):
    scores, shown = run(history, tmp_path)
    assert list(scores) == list(BASELINES)
    assert {len(one["crps"]) for one in scores.values()} == {len(ROWS)}
    assert "12/12" in shown and "har_fhs 2012" in shown and "left" in shown


def test_a_run_that_was_killed_and_resumed_equals_an_undisturbed_one(history, tmp_path):
    whole, _ = run(history, tmp_path / "whole")
    arms = list_baselines(history)
    killed = arms | {"gjr_fhs": arms["gjr_fhs"]._replace(fit=stop_at_the_second(arms["gjr_fhs"]))}
    with pytest.raises(KeyboardInterrupt):
        run(history, tmp_path / "killed", killed)
    assert len(list((tmp_path / "killed").rglob("*.npz"))) == 2 * 4 + 1
    resumed, _ = run(history, tmp_path / "killed")
    for name, scores in whole.items():
        for key, values in scores.items():
            np.testing.assert_array_equal(values, resumed[name][key], err_msg=f"{name} {key}")


def test_a_finished_year_is_not_computed_again(history, tmp_path):
    run(history, tmp_path)

    def refuse(block):
        raise AssertionError("fitted again")

    arms = {name: arm._replace(fit=refuse) for name, arm in list_baselines(history).items()}
    assert run(history, tmp_path, arms)[0]


def test_scores_do_not_depend_on_the_size_of_a_chunk(history, monkeypatch):
    (block,) = plan_blocks(ROWS, history.dates, "never")[-1:]
    predict = BASELINES["har_fhs"](history, block.fit_row)
    whole = score_block(predict, history, block)
    monkeypatch.setattr("pgat_jax.backtest.evaluation.CHUNK", 3)
    parts = score_block(predict, history, block)
    for name, values in whole.items():
        np.testing.assert_allclose(values, parts[name], rtol=1e-12)
