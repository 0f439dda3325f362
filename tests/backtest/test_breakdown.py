"""Scores by target, day ahead and year."""

import numpy as np
import pytest

from pgat_jax.backtest.breakdown import HEADS, break_down
from tests.backtest.reports import CRPS, simulate_scores

SCORED = simulate_scores(CRPS)
OWN = SCORED.scores["har_fhs"]


@pytest.fixture(scope="module")
def parts() -> dict:
    return break_down(OWN, SCORED.years)


def test_means_are_those_of_targets_days_and_years(parts):
    crps = parts["crps"]
    assert list(parts) == list(HEADS)
    assert crps["all"] == pytest.approx(OWN["crps"].mean())
    assert crps["by_target"]["Low"] == pytest.approx(OWN["crps"][..., 2].mean())
    assert crps["by_day"][1] == pytest.approx(OWN["crps"][:, 1].mean())
    assert crps["by_year"]["2010"] == pytest.approx(OWN["crps"][SCORED.years == 2010].mean())


def test_coverages_are_in_percent(parts):
    inside = np.abs(OWN["pit"][..., 3] - 0.5) <= 0.25
    assert parts["coverage_50%"]["by_target"]["Close"] == pytest.approx(100 * inside.mean())


def test_scores_of_several_targets_or_days_together_have_no_parts_of_one(parts):
    assert "by_target" not in parts["energy"] and "by_day" in parts["energy"]
    assert set(parts["sum_crps"]) == {"all", "by_year"}


def test_a_score_that_a_forecaster_does_not_have_is_none():
    zero = break_down(SCORED.scores["zero"], SCORED.years)["log_score"]
    assert zero["all"] is None and zero["by_target"]["Close"] is None
