"""Scores of forecasts: arrays [W, P, T] first, then means by target and by horizon day.

All but ``direction``, ``coverage_*`` and ``pit`` are losses: lower is better. ``scaled`` units are
standard deviations of the training rows; ``returns`` are log returns against the previous close.
"""

import numpy as np

from pgat_jax.forecasting.distribution import Forecast

TARGET_NAMES = ("Open", "High", "Low", "Close")
COVERAGES = (0.5, 0.8, 0.9)
PIT_BINS = 10
FORECASTERS = {
    "model": "model",
    "zero_return": "zero return",
    "historical_mean": "historical mean",
    "last_250_days": "last 250 days",
}
"""Keys of scores.json -> names for readers."""


def losses(forecast: Forecast, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Losses [W, P, T] in scaled units against ``truth`` [W, P, T].

    ``mse``, ``mae``; with a distribution ``crps``, and ``log_score`` (negative log density, nats)
    where there is a density.
    """
    error = forecast.point - truth
    found = {"mse": error**2, "mae": np.abs(error)}
    if forecast.distribution is not None:
        found["crps"] = forecast.distribution.crps(truth)
        log_density = forecast.distribution.log_density(truth)
        if log_density is not None:
            found["log_score"] = -log_density
    return {name: np.broadcast_to(value, truth.shape) for name, value in found.items()}


def in_returns(name: str, values: np.ndarray, std: np.ndarray) -> np.ndarray:
    """One of ``losses`` in log-return units; ``std`` [T] is what one scaled unit is worth."""
    if name == "log_score":
        return values + np.log(std)
    return values * (std**2 if name == "mse" else std)


def direction(point: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """1 where the signs of two returns agree, else 0.

    A forecast of exactly 0 counts one half, like a coin; days whose true return is exactly 0 are
    NaN, and left out of means.
    """
    right = np.where(point == 0, 0.5, np.sign(point) == np.sign(truth))
    return np.where(truth == 0, np.nan, right)


def coverage(pit: np.ndarray, level: float) -> np.ndarray:
    """1 where the truth lies in the central interval of probability ``level``, else 0."""
    return (np.abs(pit - 0.5) <= level / 2).astype(float)


def summarize(values: np.ndarray) -> dict:
    """Means of ``values`` [W, P, T]: over all, by target, by horizon day, and by both.

    NaN entries are left out; a mean of nothing is None.
    """
    return {
        "all": _mean(values),
        "by_target": {t: _mean(values[..., i]) for i, t in enumerate(TARGET_NAMES)},
        "by_day": [_mean(values[:, p]) for p in range(values.shape[1])],
        "by_target_and_day": {
            t: [_mean(values[:, p, i]) for p in range(values.shape[1])]
            for i, t in enumerate(TARGET_NAMES)
        },
    }


def score_table(forecast: Forecast, truth: np.ndarray, mean: np.ndarray, std: np.ndarray) -> dict:
    """All scores that apply, summarised; the form that scores.json holds for one forecaster.

    ``truth`` [W, P, T] is scaled; ``mean`` and ``std`` [T] turn it into log returns.
    """
    each = losses(forecast, truth)
    table: dict = {
        "scaled": {name: summarize(value) for name, value in each.items()},
        "returns": {name: summarize(in_returns(name, v, std)) for name, v in each.items()},
        "direction": summarize(direction(forecast.point * std + mean, truth * std + mean)),
    }
    if forecast.distribution is not None:
        pit = forecast.distribution.cdf(truth)
        table["coverage"] = {f"{a:.0%}": summarize(coverage(pit, a)) for a in COVERAGES}
        table["pit"] = pit_histogram(pit)
    return table


def pit_histogram(pit: np.ndarray) -> dict:
    """Share of PIT values [W, P, T] in each of ten equal bins of [0, 1], by target.

    A calibrated forecast has a tenth in each (Dawid 1984; Gneiting et al. 2007).
    """
    edges = np.linspace(0, 1, PIT_BINS + 1)
    return {
        target: (np.histogram(pit[..., i], edges)[0] / pit[..., i].size).tolist()
        for i, target in enumerate(TARGET_NAMES)
    }


def _mean(values: np.ndarray) -> float | None:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else None
