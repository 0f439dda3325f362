"""Verdicts follow from shares and their intervals alone."""

import numpy as np
import pytest

from pgat_jax.causes.effects import (
    EQUAL_SHARE,
    decide_verdict,
    estimate_effect,
    find_strongest,
)


def around(mean, spread, count=10):
    """Shares of `count` seeds around a mean, the same in both halves."""
    return [mean + spread * (-1) ** (i // (count // 5)) for i in range(count)]


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        (around(0.8, 0.01), "confirmed"),
        (around(0.2, 0.01), "contributing"),
        (around(0.0, 0.001), "refuted"),
        (around(-0.3, 0.01), "refuted"),
        (around(0.01, 0.001), "refuted"),
        (around(0.1, 0.5), "undecidable here"),
    ],
)
def test_the_interval_against_a_half_and_a_22nd_decides(shares, verdict):
    assert decide_verdict({"gradient at the start": shares})[0] == verdict


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([0.9, 0.91, 0.92, 0.9, 0.91, 0.53, 0.54, 0.2, 0.9, 0.95], "confirmed"),
        ([0.03, 0.031, 0.03, 0.029, 0.03, -0.01, -0.02, 0.0, 0.0, -0.03], "refuted"),
    ],
)
def test_a_verdict_that_flips_between_halves_is_undecidable(shares, verdict):
    assert estimate_effect(shares, 1).verdict == verdict
    flipped = {"confirmed": "undecidable here", "refuted": "refuted"}
    assert decide_verdict({"spread of forecasts": shares})[0] == flipped[verdict]
    larger = [x + 0.03 for x in shares[:5]] + [x - 0.05 for x in shares[5:]]
    if verdict == "refuted":
        assert decide_verdict({"spread of forecasts": larger})[0] == "undecidable here"


def test_the_strongest_outcome_decides():
    shares = {"a": around(0.0, 0.001), "b": around(0.2, 0.01)}
    effects = {outcome: estimate_effect(own, 2) for outcome, own in shares.items()}
    assert find_strongest(effects) == ("contributing", "b")


def test_intervals_are_students_and_widen_with_the_number_of_outcomes():
    shares = [0.1, 0.2, 0.3, 0.4, 0.5]
    one, four = estimate_effect(shares, 1), estimate_effect(shares, 4)
    half = 2.7764451 * np.std(shares, ddof=1) / np.sqrt(5)  # t of 4 degrees of freedom at 97.5%
    assert one.high - one.share == pytest.approx(half)
    assert four.high > one.high and four.share == one.share


def test_one_seed_has_no_uncertainty():
    with pytest.raises(ValueError, match="got 1 seeds, expected two or more"):
        estimate_effect([0.1], 1)


def test_an_equal_share_is_one_of_22():
    assert EQUAL_SHARE == 1 / 22
