"""Does one forecaster beat another? A skill with a block-bootstrap interval, and a sentence.

Windows overlap: consecutive ones share all but one of their days, so they are not independent
evidence. What is nearly independent is the calendar day, whose return all its windows try to
meet. Losses are therefore summed by calendar day, and blocks of five consecutive days are drawn
with replacement, paired (Politis and Romano 1992, circular blocks). In simulations with persistent
forecasts of 50 days of GARCH returns, nominal 95% intervals held the truth 85% of the time by days,
73% by windows: a guide, and an optimistic one.
"""

from typing import NamedTuple

import numpy as np

BLOCK_DAYS = 5
RESAMPLES = 4000
LEAST_DAYS = 4 * BLOCK_DAYS
SIDES = {"better": "better than", "worse": "worse than", "undecided": "not told apart from"}


class Skill(NamedTuple):
    """1 - (mean loss / mean loss of the baseline); positive is better, 1 is perfect."""

    value: float
    low: float | None
    """End of the 95% interval; None with fewer than 20 days."""
    high: float | None
    days: int
    """Distinct days that were forecast."""


def skill(model: np.ndarray, baseline: np.ndarray, days: np.ndarray, seed: int = 0) -> Skill:
    """Skill of losses ``model`` over ``baseline``, both [W, P, T], on calendar ``days`` [W, P].

    ``days`` are row numbers; losses are averaged over targets, so give them in scaled units.
    """
    place = days - days.min()
    sums = np.stack([np.bincount(place.ravel(), x.mean(-1).ravel()) for x in (model, baseline)])
    value = 1 - sums[0].sum() / sums[1].sum()
    count = sums.shape[1]
    if count < LEAST_DAYS:
        return Skill(float(value), None, None, count)
    drawn = sums[:, _circular_blocks(count, np.random.default_rng(seed))].sum(-1)
    low, high = np.quantile(1 - drawn[0] / drawn[1], [0.025, 0.975])
    return Skill(float(value), float(low), float(high), count)


def verdict(found: Skill) -> str:
    """``better``, ``worse`` or ``undecided`` (the interval holds 0, or there is none)."""
    if found.low is None or found.high is None or found.low <= 0 <= found.high:
        return "undecided"
    return "better" if found.low > 0 else "worse"


def conclusion(score: str, against: dict[str, Skill]) -> str:
    """One sentence: which baselines the model beats by a score, beyond luck, and which not.

    ``score`` is named with its target, such as "MSE of Close"; ``against`` maps names to skills.
    """
    found = {name: verdict(one) for name, one in against.items()}
    beaten = list(found.values()).count("better")
    days = next(iter(against.values())).days
    parts = [
        f"{words} {', '.join(name for name in found if found[name] == side)}"
        for side, words in SIDES.items()
        if side in found.values()
    ]
    count = f"{beaten} of {len(found)}" if beaten else f"none of {len(found)}"
    return f"{score} on {days} days: the model beats {count} baselines ({'; '.join(parts)})."


def interval(found: Skill) -> str:
    """The skill with its 95% interval, in percent."""
    if found.low is None or found.high is None:
        return f"{found.value:+.1%} (too few days)"
    return f"{found.value:+.1%} ({100 * found.low:+.0f}, {100 * found.high:+.0f})"


def _circular_blocks(count: int, rng: np.random.Generator) -> np.ndarray:
    starts = rng.integers(0, count, (RESAMPLES, -(-count // BLOCK_DAYS), 1))
    return ((starts + np.arange(BLOCK_DAYS)) % count).reshape(RESAMPLES, -1)[:, :count]
