"""Skill is right in sign and size, and its interval widens where evidence is thin."""

import numpy as np
import pytest

from pgat_jax.forecasting.skill import (
    Skill,
    classify_skill,
    compute_skill,
    format_skill,
    write_conclusion,
)

P, T = 10, 4


def losses(days=50, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.arange(days - P + 1)[:, None] + np.arange(P) + 4000
    return rng.exponential(size=(len(rows), P, T)), rows


def test_skill_is_the_relative_fall_of_the_mean_loss():
    loss, days = losses()
    found = compute_skill(0.8 * loss, loss, days)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.2), pytest.approx(0.2))
    assert classify_skill(found) == "better"
    assert found.days == 50


def test_equal_forecasters_are_undecided():
    loss, days = losses()
    other, _ = losses(seed=1)
    assert classify_skill(compute_skill(loss, other, days)) == "undecided"
    assert classify_skill(compute_skill(loss, loss, days)) == "undecided"


def test_a_clear_loser_is_called_worse():
    loss, days = losses()
    other, _ = losses(seed=1)
    found = compute_skill(3 * loss, other, days)
    assert classify_skill(found) == "worse"
    assert found.low < found.value < found.high


def test_repeated_windows_of_the_same_days_are_not_more_evidence():
    loss, days = losses()
    other, _ = losses(seed=1)
    once = compute_skill(loss, other, days)
    thrice = compute_skill(*(np.concatenate([x] * 3) for x in (loss, other, days)))
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=1e-6)


def test_few_days_give_no_interval_and_say_so():
    loss, days = losses(days=12)
    found = compute_skill(0.5 * loss, loss, days)
    assert (found.low, classify_skill(found)) == (None, "undecided")
    assert "too few days" in format_skill(found)


@pytest.mark.parametrize(
    "found, words",
    [
        (Skill(0.03, 0.01, 0.05, 50), "beats 1 of 1 baselines (better than zero return)"),
        (Skill(-0.2, -0.4, -0.1, 50), "beats none of 1 baselines (worse than zero return)"),
        (Skill(0.03, -0.01, 0.05, 50), "beats none of 1 baselines (no clear difference from zero"),
        (Skill(0.03, None, None, 9), "on 9 days: the model beats none"),
    ],
)
def test_the_conclusion_states_count_and_side(found, words):
    assert words in write_conclusion("MSE of Close", {"zero return": found})


def test_intervals_are_in_percent():
    assert format_skill(Skill(0.03, -0.01, 0.05, 50)) == "+3.0% (-1, +5)"
