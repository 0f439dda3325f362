"""Intervals of skill by a moving-block bootstrap over the origins.

Forecasts from neighbouring origins share days, and volatility lasts for weeks, so whole blocks of
origins are drawn (Kuensch 1989; circular as in Politis and Romano 1992), the same for both
forecasters.
"""

from typing import NamedTuple

import numpy as np

# Origins of a block: one month, and one quarter.
MONTH, QUARTER = 21, 63
# Blocks that a resample has at least: of one block all resamples would be equal.
LEAST_BLOCKS = 4
RESAMPLES = 4000
LEVELS = (0.025, 0.975)


class Interval(NamedTuple):
    """A skill with its 95% interval, as shares: 0.05 is five percent.

    Attributes:
        value: 1 - mean score / mean score of the baseline.
        low: the lower end.
        high: the upper end.
    """

    value: float
    low: float
    high: float


def compute_interval(
    scores: np.ndarray, baseline: np.ndarray, block: int, seed: int = 0
) -> Interval:
    """Computes the skill over a baseline, and its interval.

    Args:
        scores: the score [O] of each origin, in time order.
        baseline: the score [O] of the baseline, on the same origins.
        block: origins of a block; fewer are taken if there would be less than `LEAST_BLOCKS`.
        seed: the seed of the draws.

    Returns:
        The skill, 1 - mean score / mean score of the baseline, with its 95% interval.
    """
    pairs = np.stack([scores, baseline])
    sums = resample_sums(pairs, block, np.random.default_rng(seed))
    low, high = np.quantile(1 - sums[0] / sums[1], LEVELS)
    return Interval(float(1 - scores.sum() / baseline.sum()), float(low), float(high))


def resample_sums(values: np.ndarray, block: int, rng: np.random.Generator) -> np.ndarray:
    """Draws resamples of columns in circular blocks, and sums each.

    A resample has as many columns as there are: whole blocks, and one shorter block for the rest.

    Args:
        values: [K, O].
        block: columns of a block; fewer if there would be less than `LEAST_BLOCKS`.
        rng: the generator of the draws.

    Returns:
        The sums [K, `RESAMPLES`].
    """
    count = values.shape[1]
    block = min(block, max(1, count // LEAST_BLOCKS))
    whole, rest = divmod(count, block)
    starts = rng.integers(0, count, (RESAMPLES, whole + 1))
    total = _sum_blocks(values, block)[:, starts[:, :whole]].sum(-1)
    return total + (_sum_blocks(values, rest)[:, starts[:, -1]] if rest else 0.0)


def _sum_blocks(values: np.ndarray, block: int) -> np.ndarray:
    """Returns for each column the sum of it and the `block - 1` columns after it, in a circle."""
    around = np.concatenate([np.zeros_like(values[:, :1]), values, values[:, :block]], axis=1)
    total = np.cumsum(around, axis=1)
    return total[:, block:][:, : values.shape[1]] - total[:, : values.shape[1]]
