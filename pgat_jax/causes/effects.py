"""Estimates the effect of a cause over seeds, and decides its verdict.

An effect is a share of the distance to the symptom. Two thresholds divide the verdicts. More than
half of the distance is most of it. Less than one 22nd is less than an equal share of the 22 causes
in `CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md`, a document of the PyTorch original. With 95%
confidence:

    confirmed         more than half, when the cause is removed from the faulty model
    contributing      more than nothing, and possibly more than a 22nd
    refuted           less than a 22nd
    undecidable here  the interval says none of these, or two disjoint halves of the seeds disagree:
                      one half does not confirm what all seeds confirm, or finds more than nothing
                      where all seeds refute

A cause without an experiment on the faulty model is judged by its effect on the sound model. The
module depends on numpy and scipy alone.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

HALF = 1 / 2
EQUAL_SHARE = 1 / 22
# Verdicts, the strongest first.
ORDER = ("confirmed", "contributing", "undecidable here", "refuted")
# Verdict of all seeds -> verdicts of a half that contradict it. An interval of a half that is too
# wide does not contradict a refutation.
CONTRADICTIONS = {
    "confirmed": {"contributing", "undecidable here", "refuted"},
    "refuted": {"confirmed", "contributing"},
}
ERROR_RATE = 0.05


class Effect(NamedTuple):
    """Mean share of the distance to the symptom, with its interval over seeds.

    Attributes:
        share: The mean over seeds.
        low: Lower end of the interval.
        high: Upper end of the interval.
        seeds: Number of seeds.
    """

    share: float
    low: float
    high: float
    seeds: int

    @property
    def verdict(self) -> str:
        """The verdict by this effect alone, from its interval.

        It is `confirmed` above 1/2, `refuted` below 1/22, else `contributing` above 0, and
        `undecidable here` otherwise.
        """
        if self.low > HALF:
            return "confirmed"
        if self.high < EQUAL_SHARE:
            return "refuted"
        return "contributing" if self.low > 0 else "undecidable here"


def estimate_effect(shares: Sequence[float], outcomes: int) -> Effect:
    """Estimates the mean of shares with its t interval.

    Args:
        shares: One for each seed.
        outcomes: Number of outcomes of the cause. The intervals hold with 95% confidence for all
            of them together (Bonferroni correction).

    Raises:
        ValueError: There are fewer than two shares.
    """
    if len(shares) < 2:
        raise ValueError(f"got {len(shares)} seeds, expected two or more: one has no uncertainty")
    values = np.asarray(shares, float)
    mean, error = float(values.mean()), float(stats.sem(values))
    quantile = float(stats.t.ppf(1 - ERROR_RATE / (2 * outcomes), len(values) - 1))
    return Effect(mean, mean - quantile * error, mean + quantile * error, len(values))


def find_strongest(effects: Mapping[str, Effect]) -> tuple[str, str]:
    """Returns the strongest verdict of several outcomes, and the outcome that it rests on.

    Args:
        effects: Outcome -> effect, at least one.
    """
    ranked = sorted(effects, key=lambda o: (ORDER.index(effects[o].verdict), -effects[o].share))
    return effects[ranked[0]].verdict, ranked[0]


def decide_verdict(shares: Mapping[str, Sequence[float]]) -> tuple[str, str, dict[str, Effect]]:
    """Decides the verdict of one experiment.

    Each of two disjoint halves of the seeds is judged too. Where one contradicts the verdict of
    all seeds, nothing is confirmed or refuted.

    Args:
        shares: Outcome -> share of each seed. There is at least one outcome, and each has as many
            seeds as the others, two or more.

    Returns:
        The verdict, the outcome that it rests on, and outcome -> effect.
    """
    effects = _estimate_effects(shares)
    verdict, outcome = find_strongest(effects)
    halves = {find_strongest(_estimate_effects(half))[0] for half in _split_seeds(shares)}
    if halves & CONTRADICTIONS.get(verdict, set()):
        verdict = "undecidable here"
    return verdict, outcome, effects


def _estimate_effects(shares: Mapping[str, Sequence[float]]) -> dict[str, Effect]:
    return {outcome: estimate_effect(values, len(shares)) for outcome, values in shares.items()}


def _split_seeds(shares: Mapping[str, Sequence[float]]) -> list[dict[str, Sequence[float]]]:
    """Returns the first and the second half of the seeds, if each has at least two."""
    count = min(map(len, shares.values())) // 2
    if count < 2:
        return []
    return [{o: v[:count] for o, v in shares.items()}, {o: v[count:] for o, v in shares.items()}]
