"""Breaks the scores of a forecaster down by target, day ahead and year."""

from typing import Any

import numpy as np

from pgat_jax.data.cache import Arrays
from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.scores import COVERAGES, score_coverage

# Key of a score -> its head in a table.
HEADS = {
    "crps": "CRPS",
    "log_score": "log score",
    **{f"coverage_{level:.0%}": f"{level:.0%}" for level in COVERAGES},
    "energy": "energy score",
    "sum_crps": "CRPS of sum",
}
PERCENT = 100.0


def break_down(scores: Arrays, years: np.ndarray) -> dict[str, dict[str, Any]]:
    """Computes the mean of each score by target, by day ahead and by year.

    Args:
        scores: the arrays of `ruler.score_forecast`.
        years: the calendar year [O] of each origin.

    Returns:
        Key in `HEADS` -> `all`, a number; `by_year`, year -> number; `by_day`, a list, except for
        the score of the sum over all days; `by_target`, price -> number, except for scores of
        several targets together. Coverages are in percent; a mean is None where a forecaster does
        not have the score.
    """
    pit = scores["pit"]
    arrays = {
        "crps": scores["crps"],
        "log_score": scores["log_score"],
        **{f"coverage_{a:.0%}": PERCENT * score_coverage(pit, a) for a in COVERAGES},
        "energy": scores["energy"],
        "sum_crps": scores["sum_crps"],
    }
    return {key: _break_down_one(values, years) for key, values in arrays.items()}


def _break_down_one(values: np.ndarray, years: np.ndarray) -> dict[str, Any]:
    """Computes the means of a score [O], [O, P] or [O, P, T]."""
    parts: dict[str, Any] = {
        "all": _mean(values),
        "by_year": {str(year): _mean(values[years == year]) for year in np.unique(years)},
    }
    if values.ndim > 1:
        parts["by_day"] = [_mean(values[:, day]) for day in range(values.shape[1])]
    if values.ndim > 2:
        parts["by_target"] = {t: _mean(values[..., i]) for i, t in enumerate(PRICES)}
    return parts


def _mean(values: np.ndarray) -> float | None:
    return None if np.isnan(values).any() else float(values.mean())
