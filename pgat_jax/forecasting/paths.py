"""Converts distributions of returns to quantiles of prices, by sampled paths that compound.

The model states one distribution for each target and day ahead, and nothing about how they depend
on one another. Two assumptions replace that, and `ASSUMPTIONS` states them wherever the quantiles
are printed. Days ahead are independent. Within a day the four returns depend on one another as on
the days before the forecast: their ranks are drawn together, as in the Schaake shuffle of Clark et
al. (2004), doi:10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2. On every path, High is then at
least and Low at most the Open and Close of its day.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Distribution

OPEN, HIGH, LOW, CLOSE = range(4)
# Levels stay this far from 0 and 1, where a normal quantile is infinite.
LEAST_LEVEL = 1e-9
ASSUMPTIONS = (
    "Price quantiles come from sampled paths. They assume that the days ahead are independent, and "
    "that the four returns of a day depend on one another as on the days before."
)


def rank_days(returns: np.ndarray) -> np.ndarray:
    """Ranks each day's return among all returns of its target.

    Args:
        returns: [days, T].

    Returns:
        The ranks [days, T], from 0 to days - 1.
    """
    return returns.argsort(0).argsort(0)


def sample_returns(
    distribution: Distribution, ranks: np.ndarray, shape: tuple[int, int, int], seed: int
) -> np.ndarray:
    """Draws paths of scaled returns from one window's distribution.

    Args:
        distribution: the distributions [P, T] of the window.
        ranks: [days, T], from `rank_days`.
        shape: (R, P, T), with R the number of paths.
        seed: the seed of the random draws; the same seed gives the same paths.

    Returns:
        The paths [R, P, T].
    """
    rng = np.random.default_rng(seed)
    paths, horizon, _ = shape
    draws = ranks[rng.integers(0, len(ranks), (paths, horizon))]
    levels = (draws + rng.uniform(0, 1, draws.shape)) / len(ranks)
    levels = np.clip(levels, LEAST_LEVEL, 1 - LEAST_LEVEL).transpose(1, 2, 0)
    return distribution.quantile(levels).transpose(2, 0, 1)


def to_prices(returns: np.ndarray, last_close: float) -> np.ndarray:
    """Compounds returns to prices; High and Low are widened to include Open and Close.

    Args:
        returns: log returns [..., P, T] against the previous close, which on the first day is
            `last_close` and later the path's own.
        last_close: the last known closing price.

    Returns:
        The prices [..., P, T].
    """
    closes = np.cumsum(returns[..., CLOSE], -1)
    before = np.concatenate([np.zeros_like(closes[..., :1]), closes[..., :-1]], -1)
    prices = last_close * np.exp(before[..., None] + returns)
    prices[..., HIGH] = prices[..., [OPEN, HIGH, CLOSE]].max(-1)
    prices[..., LOW] = prices[..., [OPEN, LOW, CLOSE]].min(-1)
    return prices
