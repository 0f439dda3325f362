"""The leak alarm rings for a planted leak, and not for what daily prices allow."""

import numpy as np

from pgat_jax.backtest.evaluation import Arm, list_baselines, run_arms
from pgat_jax.backtest.joint_forecast import JointForecast
from pgat_jax.backtest.leaks import find_leaks
from pgat_jax.backtest.origins import plan_blocks
from pgat_jax.backtest.results import Scored, summarise
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.progress import Reporter
from tests.backtest.reports import CRPS, simulate_scores


def plant_leak(history, share):
    """Returns HAR-FHS whose forecasts are moved by a share of the return that comes true."""
    fit = list_baselines(history)["har_fhs"].fit

    def fit_leak(block):
        predict = fit(block)

        def look_ahead(rows):
            forecast, move = predict(rows), share * history.find_truth(rows)
            sample = type(forecast.distribution)(forecast.distribution.values + move[..., None])
            return JointForecast(forecast.point + move, sample, forecast.paths + move[:, None])

        return look_ahead

    return Arm(f"leak {share}", fit_leak)


def run_with_leak(history, share, root):
    rows = np.arange(500, 697)
    blocks = plan_blocks(rows, history.dates, "never")
    arms = {"model": plant_leak(history, share), **list_baselines(history)}
    scores = run_arms(arms, history, "table", blocks, ScoreStore(root), Reporter())
    return find_leaks(summarise(Scored(scores, history.dates[rows])))


def test_a_planted_leak_rings_by_skill_and_by_squared_error(history, tmp_path):
    leaks = run_with_leak(history, 0.1, tmp_path)
    assert [sentence.split(":")[0] for sentence in leaks] == ["LEAK", "LEAK"]
    assert "model has a pooled skill of" in leaks[0] and "knows a later price" in leaks[0]
    assert "squared error" in leaks[1] and "less than 0.985" in leaks[1]


def test_a_small_leak_of_the_mean_rings_by_squared_error(history, tmp_path):
    (leak,) = run_with_leak(history, 0.02, tmp_path)
    assert "model forecasts the close with 0.9" in leak


def test_forecasters_without_a_leak_do_not_ring(history, tmp_path):
    assert run_with_leak(history, 0.0, tmp_path) == []


def test_a_pooled_skill_above_six_percent_rings():
    results = summarise(simulate_scores({"model": 0.935, **CRPS}))
    (leak,) = find_leaks(results)
    assert "model has a pooled skill of 6.5%, above 6.0%" in leak


def test_a_turbulent_period_in_which_all_have_skill_does_not_ring():
    easy = {"last_250": 1.0, "zero": 1.5, "ewma_fhs": 0.93, "gjr_fhs": 0.92, "model": 0.92}
    assert find_leaks(summarise(simulate_scores(easy))) == []
