"""Computes scores of forecasts: an array [W, P, T] for each score, then its means.

All but the direction, the coverage and the PIT are losses: lower is better. Scaled units are
standard deviations of the training rows; returns are log returns against the previous close.
Depends on NumPy and the names of the prices alone.
"""

from typing import Any

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.distribution import Forecast

# Probabilities of the central intervals whose coverage is counted.
COVERAGES = (0.5, 0.8, 0.9)
PIT_BINS = 10


def compute_losses(forecast: Forecast, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Computes all losses that a forecast has.

    Args:
        forecast: the forecasts of W windows, in scaled units.
        truth: the scaled targets [W, P, T].

    Returns:
        `mse` and `mae` of the point forecast; `crps` if there is a distribution; `log_score`
        (negative log density, in nats) if the distribution has a density. Each is [W, P, T], in
        scaled units.
    """
    error = forecast.point - truth
    losses = {"mse": error**2, "mae": np.abs(error)}
    if forecast.distribution is not None:
        losses["crps"] = forecast.distribution.crps(truth)
        log_density = forecast.distribution.log_density(truth)
        if log_density is not None:
            losses["log_score"] = -log_density
    return {name: np.broadcast_to(value, truth.shape) for name, value in losses.items()}


def convert_to_returns(name: str, values: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Converts a loss from scaled units to log returns.

    Args:
        name: the key of the loss in `compute_losses`.
        values: the loss [..., T] in scaled units.
        std: the log return [T] that one scaled unit is.

    Returns:
        The loss [..., T] in log returns, `mse` in squared log returns, `log_score` in nats.
    """
    if name == "log_score":
        return values + np.log(std)
    return values * (std**2 if name == "mse" else std)


def score_direction(point: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Compares the signs of forecast and true returns.

    Args:
        point: forecast log returns [...].
        truth: true log returns [...].

    Returns:
        1 where the signs agree, 0 where they differ, 0.5 where the forecast is exactly 0, and NaN
        where the true return is exactly 0, so that means leave that day out.
    """
    right = np.where(point == 0, 0.5, np.sign(point) == np.sign(truth))
    return np.where(truth == 0, np.nan, right)


def score_coverage(pit: np.ndarray, level: float) -> np.ndarray:
    """Returns where the truth lies in the central interval of a forecast.

    Args:
        pit: PIT values [...]: the forecast distribution function at the truth.
        level: the probability of the interval.

    Returns:
        1 where the truth lies in the interval, its ends included, else 0.
    """
    return (np.abs(pit - 0.5) <= level / 2).astype(float)


def summarize(values: np.ndarray) -> dict[str, Any]:
    """Computes the means of a score, NaN left out.

    Args:
        values: the score [W, P, T].

    Returns:
        `all`, a number; `by_target`, a number for each price; `by_day`, a list with a number for
        each day ahead; `by_target_and_day`, such a list for each price. The mean of no value is
        None.
    """
    return {
        "all": _mean(values),
        "by_target": {t: _mean(values[..., i]) for i, t in enumerate(PRICES)},
        "by_day": [_mean(values[:, p]) for p in range(values.shape[1])],
        "by_target_and_day": {
            t: [_mean(values[:, p, i]) for p in range(values.shape[1])]
            for i, t in enumerate(PRICES)
        },
    }


def score_forecast(
    forecast: Forecast, truth: np.ndarray, mean: np.ndarray, std: np.ndarray
) -> dict[str, Any]:
    """Computes and summarizes all scores that a forecast has.

    Args:
        forecast: the forecasts of W windows, in scaled units.
        truth: the scaled targets [W, P, T].
        mean: the log return [T] that scaled 0 is.
        std: the log return [T] that one scaled unit is.

    Returns:
        What `scores.json` contains for one forecaster: `scaled` and `returns`, each loss (`mse`,
        `mae`, `crps`, `log_score`) -> its summary in either unit; `direction`, a summary; and, if
        there is a distribution, `coverage`, level (`50%`, `80%`, `90%`) -> summary, and `pit`, as
        `compute_pit_histogram` returns it. A summary is what `summarize` returns.
    """
    losses = compute_losses(forecast, truth)
    scores: dict[str, Any] = {
        "scaled": {name: summarize(value) for name, value in losses.items()},
        "returns": {
            name: summarize(convert_to_returns(name, value, std)) for name, value in losses.items()
        },
        "direction": summarize(score_direction(forecast.point * std + mean, truth * std + mean)),
    }
    if forecast.distribution is not None:
        pit = forecast.distribution.cdf(truth)
        scores["coverage"] = {f"{a:.0%}": summarize(score_coverage(pit, a)) for a in COVERAGES}
        scores["pit"] = compute_pit_histogram(pit)
    return scores


def compute_pit_histogram(pit: np.ndarray) -> dict[str, list[float]]:
    """Counts PIT values in ten equal bins of [0, 1].

    Args:
        pit: PIT values [W, P, T].

    Returns:
        For each price, the share of its values in each bin. A calibrated forecast has a tenth in
        each (Dawid 1984; Gneiting et al. 2007).
    """
    edges = np.linspace(0, 1, PIT_BINS + 1)
    return {
        target: (np.histogram(pit[..., i], edges)[0] / pit[..., i].size).tolist()
        for i, target in enumerate(PRICES)
    }


def _mean(values: np.ndarray) -> float | None:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else None
