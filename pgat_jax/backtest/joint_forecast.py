"""Forecasts with joint paths, and the paths of a forecaster that states single days alone."""

from typing import NamedTuple

import numpy as np

from pgat_jax.forecasting.distribution import Distribution


class JointForecast(NamedTuple):
    """Forecasts from O origins, in log returns.

    Attributes:
        point: the means [O, P, T].
        distribution: the distribution [O, P, T] of each target and day ahead.
        paths: equally likely paths [O, M, P, T] of all targets and days ahead together.
    """

    point: np.ndarray
    distribution: Distribution
    paths: np.ndarray


def rank_paths(paths: np.ndarray) -> np.ndarray:
    """Ranks each path among all paths, for each day ahead and target.

    Args:
        paths: [M, P, T].

    Returns:
        The ranks [M, P, T], from 0 to M - 1.
    """
    return paths.argsort(0).argsort(0)


def join_days(distribution: Distribution, ranks: np.ndarray) -> np.ndarray:
    """Joins the distributions of single days and targets to paths.

    The paths have the ranks of past paths: the Schaake shuffle of Clark et al. (2004),
    doi:10.1175/1525-7541(2004)005<0243:TSSAMF>2.0.CO;2.

    Args:
        distribution: the distributions [O, P, T].
        ranks: the ranks [M, P, T] of M past paths, from `rank_paths`.

    Returns:
        The paths [O, M, P, T].
    """
    count = len(ranks)
    values = distribution.quantile((np.arange(count) + 0.5) / count)
    places = np.moveaxis(ranks, 0, -1)[None]
    return np.moveaxis(np.take_along_axis(values, places, -1), -1, 1)
