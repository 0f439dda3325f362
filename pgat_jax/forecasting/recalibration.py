"""Recalibrates forecasts with the ranks of the days just before them.

The rank of a known day is the place that it had in its own forecast: the PIT value of a
distribution, or the error of a point forecast. A recalibrated forecast has the quantiles that its
distribution gives to the quantiles of the last ranks, of which the newest weigh most. A model whose
distribution is the same every day in residual units, as one that has not learned, becomes filtered
historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999) with exponential weights
(Boudoukh, Richardson and Whitelaw 1998). No forecast uses a day after its origin.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.sample import Sample

# Days after which the weight of a rank has halved.
HALF_LIFE = 200
# Days whose ranks are used; fewer at the beginning of a table. Older ones would weigh 3% together.
POOL_DAYS = 5 * HALF_LIFE
# A recalibrated distribution consists of the quantiles at the midpoints of so many intervals.
QUANTILES = 200
# Levels stay this far from 0 and 1, where a normal quantile is infinite.
_INNER = (1e-6, 1 - 1e-6)
# Windows whose pools are sorted at once: 80 MB with ten days ahead and four targets.
_CHUNK = 64


def rank_truth(forecast: Forecast, truth: np.ndarray) -> np.ndarray:
    """Computes the ranks of known days in their forecasts.

    Args:
        forecast: the forecasts of R windows, one for each of R consecutive rows.
        truth: the targets [R, P, T] in the units of the forecasts; NaN where they are unknown.

    Returns:
        [R, P, T]: PIT values if the forecasts have a distribution, else errors; NaN where the
        truth is unknown.
    """
    if forecast.distribution is None:
        return truth - forecast.point
    return np.where(np.isnan(truth), np.nan, forecast.distribution.cdf(np.nan_to_num(truth)))


def recalibrate(forecast: Forecast, ranks: np.ndarray) -> Forecast:
    """Replaces the distributions by recalibrated ones.

    Args:
        forecast: the forecasts of W windows, one for each of W consecutive rows.
        ranks: [R, P, T] the ranks of the R - W rows before the first window, then those of the W
            windows themselves, as `rank_truth` returns them. R - W must be larger than P.

    Returns:
        The same points, with a `Sample` of `QUANTILES` values for each distribution.
    """
    before = len(ranks) - len(forecast.point)
    rows = np.arange(before, len(ranks))
    parts = [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]
    chosen = np.concatenate([_choose_ranks(ranks, part, before) for part in parts])
    if forecast.distribution is None:
        return forecast._replace(distribution=Sample(forecast.point[..., None] + chosen))
    values = np.sort(forecast.distribution.quantile(np.clip(chosen, *_INNER)), axis=-1)
    return forecast._replace(distribution=Sample(values))


def weigh_quantiles(values: np.ndarray, weights: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Computes quantiles of weighted values, linear between the midpoints of their weights.

    With equal weights they are those of Hazen (1914).

    Args:
        values: [..., M]; where one is NaN, its quantiles are NaN.
        weights: [M], positive.
        levels: [L], increasing, between 0 and 1.

    Returns:
        [..., L].
    """
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, -1).reshape(-1, len(weights))
    share = (weights / weights.sum())[order].reshape(ordered.shape)
    middle = np.cumsum(share, -1) - share / 2
    # One call of `interp` serves all rows: those of row i lie between i and i + 1.
    row = np.arange(len(ordered))[:, None]
    wanted = np.clip(levels, middle[:, :1], middle[:, -1:]) + row
    found = np.interp(wanted, (middle + row).ravel(), ordered.ravel())
    return found.reshape(*values.shape[:-1], len(levels))


def _choose_ranks(ranks: np.ndarray, rows: np.ndarray, before: int) -> np.ndarray:
    """Returns `QUANTILES` quantiles of the last ranks that are known at some rows.

    Args:
        ranks: [R, P, T] the ranks of consecutive rows.
        rows: [W] the positions of the rows.
        before: the number of rows before the first window, which bounds the pool.

    Returns:
        [W, P, T, `QUANTILES`].
    """
    horizon = ranks.shape[1]
    age = np.arange(min(POOL_DAYS, before - horizon))
    day = np.arange(horizon)[None, :, None]
    pools = ranks[rows[:, None, None] - day - 1 - age, day]
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return weigh_quantiles(np.moveaxis(pools, 2, -1), 0.5 ** (age / HALF_LIFE), levels)
