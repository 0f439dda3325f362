"""Recalibrates forecasts with the ranks of the days just before them.

The rank of a known day is the place that it had in its own forecast: the PIT value of a
distribution, or the error of a point forecast. A recalibrated forecast has the quantiles that its
distribution gives to the quantiles of the last ranks. A model whose distribution is the same every
day in residual units, as one that has not learned, becomes filtered historical simulation
(Barone-Adesi, Giannopoulos and Vosper 1999). No forecast uses a day after its origin.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.sample import Sample

# Days whose ranks are used: four years, fewer than that at the beginning of a table.
POOL_DAYS = 1000
# A recalibrated distribution consists of the quantiles at the midpoints of so many intervals.
QUANTILES = 200


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
    pools = _collect_pools(ranks, len(forecast.point))
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    chosen = np.moveaxis(np.quantile(pools, levels, axis=2, method="hazen"), 0, -1)
    if forecast.distribution is None:
        return forecast._replace(distribution=Sample(forecast.point[..., None] + chosen))
    values = np.sort(forecast.distribution.quantile(np.clip(chosen, *_INNER)), axis=-1)
    return forecast._replace(distribution=Sample(values))


# Levels stay this far from 0 and 1, where a normal quantile is infinite.
_INNER = (1e-6, 1 - 1e-6)


def _collect_pools(ranks: np.ndarray, windows: int) -> np.ndarray:
    """Returns [W, P, days, T] the last ranks that are known at each origin, for each day ahead."""
    rows, horizon, _ = ranks.shape
    before = rows - windows
    count = min(POOL_DAYS, before - horizon)
    row, day = np.arange(before, rows)[:, None, None], np.arange(horizon)[None, :, None]
    return ranks[row - day - 1 - np.arange(count), day]
