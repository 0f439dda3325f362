"""The model as one of the forecasters of a back-test."""

import io

import jax
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest import fold, model_arm
from pgat_jax.backtest.evaluation import list_baselines, run_arms
from pgat_jax.backtest.history import History, make_history
from pgat_jax.backtest.model_arm import make_model_arm, rank_past_paths
from pgat_jax.backtest.origins import Block, plan_blocks
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.config_file import load_config
from pgat_jax.data.source import load_table
from pgat_jax.data.table import take_rows
from pgat_jax.forecasting.predict import forecast_rows
from pgat_jax.model.build import build
from pgat_jax.progress import Reporter
from tests.backtest.training import FakeTraining

HORIZON = 3


@pytest.fixture(scope="module")
def table():
    return take_rows(load_table(load_config("tiny").data), 0, 560)


@pytest.fixture(scope="module")
def history(table) -> History:
    return make_history(table, HORIZON, "XNYS")


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(Console(file=io.StringIO()))


@pytest.fixture
def make_arm(table, history, reporter, tmp_path, monkeypatch):
    monkeypatch.setattr(fold, "open_trainer", FakeTraining().open)

    def make(*overrides, is_trained=True, blocks=()):
        config = load_config("tiny", *overrides)
        return make_model_arm(config, table, history, reporter, tmp_path, is_trained, blocks)

    return make


@pytest.mark.slow
def test_forecasts_are_log_returns_with_paths_of_the_same_distribution(make_arm):
    block = Block(2001, np.arange(520, 530), 520)
    predict = make_arm("loss.criterion=nll").fit(block)
    forecast = predict(block.rows)
    assert forecast.point.shape == (10, HORIZON, 4)
    assert forecast.paths.shape[::2] == (10, HORIZON)
    median = forecast.distribution.quantile(np.array([0.5]))[..., 0]
    np.testing.assert_allclose(np.median(forecast.paths, 1), median, atol=2e-3)
    assert 0.001 < forecast.paths[..., 3].std() < 0.2


def test_origins_are_forecast_alike_in_any_selection(make_arm):
    block = Block(2001, np.arange(520, 540), 520)
    predict = make_arm("loss.criterion=nll").fit(block)
    whole = predict(block.rows).point
    np.testing.assert_array_equal(predict(block.rows[4:13:4]).point, whole[4:13:4])
    np.testing.assert_array_equal(predict(block.rows[7:8]).point, whole[7:8])


def test_blocks_of_one_fit_are_forecast_together_and_as_each_alone(make_arm, monkeypatch):
    calls = []

    def count(*args):
        calls.append(args[3])
        return forecast_rows(*args)

    monkeypatch.setattr(model_arm, "forecast_rows", count)
    blocks = (Block(2001, np.arange(520, 528), 520), Block(2002, np.arange(528, 536), 520))
    arm = make_arm("loss.criterion=nll", blocks=blocks)
    points = [arm.fit(block)(block.rows).point for block in blocks]
    assert [list(rows[[0, -1]]) for rows in calls] == [[520, 535]]
    alone = make_arm("loss.criterion=nll").fit(blocks[1])(blocks[1].rows).point
    np.testing.assert_allclose(points[1], alone, rtol=1e-4, atol=1e-7)


def test_a_point_forecast_gets_the_spread_of_its_validation_errors(make_arm, monkeypatch):
    def forecast_points(*args):
        return forecast_rows(*args)._replace(distribution=None)

    monkeypatch.setattr(model_arm, "forecast_rows", forecast_points)
    block = Block(2001, np.arange(520, 524), 520)
    forecast = make_arm("loss.criterion=nll").fit(block)(block.rows)
    low, high = np.moveaxis(forecast.distribution.quantile(np.array([0.1, 0.9])), -1, 0)
    assert np.all(low < high)


def test_a_model_is_scored_on_the_origins_of_the_baselines(
    make_arm, history, table, tmp_path, reporter
):
    rows = np.arange(520, 556, 4)
    blocks = plan_blocks(rows, table.dates, "never")
    arms = {**list_baselines(history), "model": make_arm("loss.criterion=nll")}
    scores = run_arms(arms, history, table.hash, blocks, ScoreStore(tmp_path), reporter)
    assert scores["model"]["crps"].shape == scores["har_fhs"]["crps"].shape == (9, HORIZON, 4)
    assert np.all(np.isfinite(scores["model"]["log_score"]))


def test_the_settings_of_an_arm_are_those_of_its_training(make_arm):
    assert make_arm().settings != make_arm("seed=1").settings
    assert make_arm().settings == make_arm("name=other").settings
    assert make_arm().settings != make_arm(is_trained=False).settings


def test_an_untrained_model_is_scored_without_training(make_arm, monkeypatch):
    def start(one):
        model = build(one.config, one.data.columns)
        return model, model.init(jax.random.key(0))

    monkeypatch.setattr(fold, "open_trainer", lambda *_, **__: pytest.fail("trained"))
    monkeypatch.setattr(model_arm, "start_fold", start)
    block = Block(2001, np.arange(520, 530), 520)
    predict = make_arm("loss.criterion=nll", is_trained=False).fit(block)
    assert np.all(np.isfinite(predict(block.rows).point))


def test_ranks_of_the_past_read_nothing_after_the_fit_row(history):
    returns = history.returns.copy()
    returns[501:] *= 3.0
    changed = History(returns, history.dates, HORIZON)
    np.testing.assert_array_equal(rank_past_paths(history, 500), rank_past_paths(changed, 500))
