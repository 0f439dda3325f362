"""The model is compared with each baseline by the scores that both have."""

import numpy as np
import pytest

from pgat_jax.forecasting.comparison import LEAST_DAYS, compare_forecasters
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.skill import compute_skill

W, P, T = LEAST_DAYS, 3, 4
DAYS = 4000 + np.arange(W)[:, None] + np.arange(P)


@pytest.fixture(scope="module")
def truth():
    return np.random.default_rng(0).normal(size=(W, P, T))


def normal(point) -> Forecast:
    ones = np.ones((*point.shape, 1))
    return Forecast(point, GaussianMixture(ones, point[..., None], ones))


@pytest.fixture(scope="module")
def compared(truth):
    forecasters = {
        "model": normal(0.5 * truth),
        "zero_return": Forecast(np.zeros_like(truth), None),
        "historical_mean": normal(np.full_like(truth, 0.1)),
    }
    return compare_forecasters(forecasters, truth, DAYS)


def test_a_baseline_without_a_distribution_is_compared_by_mse_alone(compared):
    found = [(c["score"], c["targets"], c["baseline"]) for c in compared["comparisons"]]
    assert found == [
        ("mse", "Close", "zero_return"),
        ("mse", "Close", "historical_mean"),
        ("crps", "Close", "historical_mean"),
        ("mse", "all targets", "zero_return"),
        ("mse", "all targets", "historical_mean"),
        ("crps", "all targets", "historical_mean"),
    ]


def test_the_skill_is_that_of_the_losses_of_the_targets(compared, truth):
    first, fourth = compared["comparisons"][0], compared["comparisons"][3]
    model, zero = (0.5 * truth) ** 2, truth**2
    for found, place in ((first, slice(3, 4)), (fourth, slice(0, 4))):
        expected = compute_skill(model[..., place], zero[..., place], DAYS)
        assert found["skill"] == expected.value == pytest.approx(0.75)
        assert (found["low"], found["high"], found["days"]) == expected[1:]
        assert found["verdict"] == "better"


def test_each_score_and_targets_get_one_conclusion(compared):
    assert [line.split(" on ")[0] for line in compared["conclusions"]] == [
        "MSE of Close",
        "CRPS of Close",
        "MSE of all targets",
        "CRPS of all targets",
    ]
    assert "beats 2 of 2 baselines (better than zero return, " in compared["conclusions"][0]


def test_few_overlapping_windows_rank_nothing_and_say_why(truth):
    few, days = truth[:41], DAYS[:41]
    forecasters = {"model": normal(0.5 * few), "historical_mean": normal(np.zeros_like(few))}
    compared = compare_forecasters(forecasters, few, days)
    assert compared["is_ranked"] is False
    assert {c["verdict"] for c in compared["comparisons"]} == {"undecided"}
    (sentence,) = compared["conclusions"]
    assert sentence.startswith("The model is not ranked: its 41 windows overlap and cover 43 ")
    assert "python run.py backtest --config NAME" in sentence


def test_windows_of_two_years_are_ranked(compared):
    assert compared["is_ranked"] is True
