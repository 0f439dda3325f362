"""From distributions of returns to quantiles of prices: sampled paths that compound.

The model states one distribution for each target and day ahead, and nothing of how they hang
together. Two assumptions fill that in, and whoever prints these quantiles says so: days ahead
are independent; within a day the four returns depend on one another as on the days before the
forecast (their ranks are drawn together: the Schaake shuffle of Clark et al. 2004,
doi:10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2). On every path High is then at least, and Low
at most, the Open and Close of its day.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Distribution

OPEN, HIGH, LOW, CLOSE = range(4)
ASSUMPTIONS = (
    "Price quantiles come from sampled paths: days ahead independent, the four returns of a day "
    "tied to one another as on the days before."
)


def joint_ranks(returns: np.ndarray) -> np.ndarray:
    """Rank of each day's return among its target's, [days, T] in 0 .. days - 1."""
    return returns.argsort(0).argsort(0)


def sample_returns(
    distribution: Distribution, ranks: np.ndarray, shape: tuple[int, int, int], seed: int
) -> np.ndarray:
    """Paths [R, P, T] = ``shape`` of scaled returns from one window's distribution over [P, T].

    ``ranks`` [days, T] as of ``joint_ranks``; the same seed gives the same paths.
    """
    rng = np.random.default_rng(seed)
    paths, horizon, _ = shape
    drawn = ranks[rng.integers(0, len(ranks), (paths, horizon))]
    levels = (drawn + rng.uniform(0, 1, drawn.shape)) / len(ranks)
    levels = np.clip(levels, 1e-9, 1 - 1e-9).transpose(1, 2, 0)
    return distribution.quantile(levels).transpose(2, 0, 1)


def to_prices(returns: np.ndarray, last_close: float) -> np.ndarray:
    """Log returns [..., P, T] against the previous close -> prices [..., P, T].

    Each day's previous close is the path's own; High and Low are widened to hold Open and Close.
    """
    closes = np.cumsum(returns[..., CLOSE], -1)
    before = np.concatenate([np.zeros_like(closes[..., :1]), closes[..., :-1]], -1)
    prices = last_close * np.exp(before[..., None] + returns)
    prices[..., HIGH] = prices[..., [OPEN, HIGH, CLOSE]].max(-1)
    prices[..., LOW] = prices[..., [OPEN, LOW, CLOSE]].min(-1)
    return prices
