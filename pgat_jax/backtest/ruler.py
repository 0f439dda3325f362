"""Scores all forecasters by one ruler, in units of each target's standard deviation.

The CRPS of a mixture is its closed form, that of quantiles the integral of their joined quantile
function, and that of past returns or residuals the exact score of that empirical distribution.
Paths are a sample of what a forecaster says of several days or targets together, so their energy
score and the CRPS of their sums have the unbiased form (Gneiting and Raftery 2007,
doi:10.1198/016214506000001437; Ferro 2014, doi:10.1002/qj.2270).
"""

import numpy as np

from pgat_jax.backtest.joint_forecast import JointForecast
from pgat_jax.data.cache import Arrays
from pgat_jax.data.volatility import CLOSE
from pgat_jax.forecasting.distribution import Distribution
from pgat_jax.forecasting.quantile_function import LEAST_SLOPE, QuantileFunction

# Days whose standard deviations are the units of the scores.
UNIT_DAYS = 2500
# Levels whose quantiles, joined, give a sample a density.
TAIL_LEVELS = (0.005, 0.01, 0.025, 0.05)
DENSITY_LEVELS = np.array(
    [*TAIL_LEVELS, *np.arange(1, 10) / 10, *(1 - level for level in reversed(TAIL_LEVELS))]
)
LOW, MIDDLE, HIGH = 5, 8, 11  # the places of 0.2, 0.5 and 0.8
# Beyond a sample that density falls like a normal one, so that a single day could cost hundreds of
# nats. So much of it is spread as Student's t with 3 degrees of freedom instead, with the same
# median and the same distance between the quantiles of 0.2 and 0.8.
SPREAD_WEIGHT = 0.02
STUDENT_HIGH = 0.97847  # the quantile of 0.8 of Student's t
# Paths of which the energy score and the fan are computed.
MOST_PATHS = 250
# Each path is compared with so many others: the score then varies little more than with all.
PARTNERS = 8
# Levels of the fan: the bands of 90% and 50%, and the median.
FAN_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def find_unit(returns: np.ndarray) -> np.ndarray:
    """Returns the standard deviation [T] of each target over the first 2,500 days.

    Args:
        returns: log returns [days, T].
    """
    return returns[:UNIT_DAYS].std(0)


def score_forecast(forecast: JointForecast, truth: np.ndarray, unit: np.ndarray) -> Arrays:
    """Computes the scores of forecasts from O origins.

    Args:
        forecast: the forecasts, in log returns.
        truth: log returns [O, P, T].
        unit: the log return [T] that one unit is.

    Returns:
        In units: `crps` and `squared_error` [O, P, T]; `energy` [O, P], the energy score of the
        four targets of a day together; `sum_crps` [O], the CRPS of the return of the close over
        all P days, in units of the close. `log_score` [O, P, T] is the negative log density in
        nats, NaN for a forecast of one value. `pit` [O, P, T] is the distribution function at the
        truth. `fan` [O, P, 5] has the quantiles of the close's log return since the origin.
    """
    distribution, few = forecast.distribution, _thin(forecast.paths)
    sums = forecast.paths[..., CLOSE].sum(-1)
    return {
        "crps": distribution.crps(truth) / unit,
        "squared_error": ((forecast.point - truth) / unit) ** 2,
        "log_score": compute_log_score(distribution, truth) - np.log(unit),
        "pit": distribution.cdf(truth),
        "energy": compute_energy_score(few / unit, truth / unit),
        "sum_crps": compute_sample_crps(sums, truth[..., CLOSE].sum(-1)) / unit[CLOSE],
        "fan": np.moveaxis(np.quantile(few[..., CLOSE].cumsum(2), FAN_LEVELS, axis=1), 0, -1),
    }


def compute_log_score(distribution: Distribution, truth: np.ndarray) -> np.ndarray:
    """Computes the negative log density.

    That of a sample is the density of its joined quantiles with a share of a long-tailed one.

    Args:
        distribution: distributions [...].
        truth: values [...].

    Returns:
        [...], in nats; NaN where the forecast is one value.
    """
    log_density = distribution.log_density(truth)
    if log_density is None:
        values = distribution.quantile(DENSITY_LEVELS)
        joined = QuantileFunction(DENSITY_LEVELS, values).log_density(truth)
        mixed = np.logaddexp(
            np.log1p(-SPREAD_WEIGHT) + joined,
            np.log(SPREAD_WEIGHT) + _compute_log_student(values, truth),
        )
        log_density = np.where(values[..., LOW] < values[..., HIGH], mixed, np.nan)
    return -log_density


def compute_sample_crps(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the unbiased CRPS of samples: E|X - y| - E|X - X'| / 2 over different members.

    Args:
        values: [..., M], in any order.
        truth: [...].

    Returns:
        [...], in the units of `values`; for a sample of one value its absolute error.
    """
    count, ordered = values.shape[-1], np.sort(values, -1)
    rank = 2 * np.arange(1, count + 1) - count - 1
    spread = np.sum(rank * ordered, -1) / (count * max(count - 1, 1))
    return np.abs(values - truth[..., None]).mean(-1) - spread


def compute_energy_score(paths: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the unbiased energy score of the T targets of each day together.

    Args:
        paths: [O, M, P, T]; each is compared with `PARTNERS` others.
        truth: [O, P, T].

    Returns:
        [O, P].
    """
    count = paths.shape[1]
    miss = _compute_norm(paths - truth[:, None]).mean(1)
    shifts = np.unique(np.arange(1, PARTNERS + 1) * count // (2 * PARTNERS + 1))
    shifts = shifts[shifts > 0]
    if not shifts.size:
        return miss
    spreads = [_compute_norm(paths - np.roll(paths, s, axis=1)).mean(1) for s in shifts]
    return miss - np.mean(spreads, axis=0) / 2


def _compute_log_student(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the log density of Student's t, 3 degrees of freedom, fitted to three quantiles."""
    width = np.maximum(values[..., HIGH] - values[..., LOW], LEAST_SLOPE)
    scale = width / (2 * STUDENT_HIGH)
    z = (truth - values[..., MIDDLE]) / scale
    return np.log(6 * np.sqrt(3) / np.pi) - 2 * np.log(3 + z**2) - np.log(scale)


def _compute_norm(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("...t,...t->...", vectors, vectors))


def _thin(paths: np.ndarray) -> np.ndarray:
    """Returns at most `MOST_PATHS` of the paths [O, M, P, T], evenly spaced."""
    count = paths.shape[1]
    return paths[:, np.arange(min(count, MOST_PATHS)) * count // min(count, MOST_PATHS)]
