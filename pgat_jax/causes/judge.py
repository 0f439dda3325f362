"""Verdicts on causes: shares of the way to the symptom, with their uncertainty over seeds.

One half and one 22nd divide them: more than half of the way is most of it, and less than a 22nd is
less than an equal share of the texts' 22 causes.

    confirmed      more than half, when it is removed from the sick model
    contributing   more than nothing, and possibly more than a 22nd
    refuted        less than a 22nd
    undecidable    the interval says neither, or two disjoint halves of the seeds disagree: one does
                   not confirm what all confirm, or sees more than nothing in what all refute

A cause that nothing can be done to on the sick side is judged by what it does to the healthy model.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

HALF = 1 / 2
EQUAL = 1 / 22
ORDER = ("confirmed", "contributing", "undecidable here", "refuted")
"""The strongest first."""

FLIPS = {
    "confirmed": {"contributing", "undecidable here", "refuted"},
    "refuted": {"confirmed", "contributing"},
}
"""Verdict -> what half of the seeds must not say. An interval that is too wide refutes nothing."""


class Effect(NamedTuple):
    """Mean share of the way to the symptom, with its interval over seeds."""

    share: float
    low: float
    high: float
    seeds: int

    @property
    def verdict(self) -> str:
        """By this effect alone."""
        if self.low > HALF:
            return "confirmed"
        if self.high < EQUAL:
            return "refuted"
        return "contributing" if self.low > 0 else "undecidable here"


def effect(shares: Sequence[float], outcomes: int) -> Effect:
    """The mean with its t interval, 95% for all of a cause's outcomes together (Bonferroni).

    Raises:
        ValueError: there are fewer than two shares.
    """
    if len(shares) < 2:
        raise ValueError(f"got {len(shares)} seeds, expected two or more: one has no uncertainty")
    values = np.asarray(shares, float)
    mean, error = float(values.mean()), float(stats.sem(values))
    reach = float(stats.t.ppf(1 - 0.05 / (2 * outcomes), len(values) - 1)) * error
    return Effect(mean, mean - reach, mean + reach, len(values))


def strongest(effects: Mapping[str, Effect]) -> tuple[str, str]:
    """The verdict of several outcomes, and the outcome that it rests on."""
    ranked = sorted(effects, key=lambda o: (ORDER.index(effects[o].verdict), -effects[o].share))
    return effects[ranked[0]].verdict, ranked[0]


def judged(shares: Mapping[str, Sequence[float]]) -> tuple[str, str, dict[str, Effect]]:
    """Verdict, the outcome that it rests on, and all effects, of outcome -> share of each seed.

    Two disjoint halves of the seeds are judged apart. Where they disagree, nothing is called
    confirmed or refuted.
    """
    effects = _effects(shares)
    verdict, outcome = strongest(effects)
    halves = {strongest(_effects(half))[0] for half in _halves(shares)}
    if halves & FLIPS.get(verdict, set()):
        verdict = "undecidable here"
    return verdict, outcome, effects


def _effects(shares: Mapping[str, Sequence[float]]) -> dict[str, Effect]:
    return {outcome: effect(values, len(shares)) for outcome, values in shares.items()}


def _halves(shares: Mapping[str, Sequence[float]]) -> list[dict[str, Sequence[float]]]:
    """The first and the second half of the seeds, where each has at least two."""
    count = min(map(len, shares.values())) // 2
    if count < 2:
        return []
    return [{o: v[:count] for o, v in shares.items()}, {o: v[count:] for o, v in shares.items()}]
