"""Computes what a back-test shows, as plain data: tables, page and JSON are made from it.

Skills and coverages are in percent. The skill of a forecaster is the part of a baseline's CRPS that
it removes: 1 - its mean CRPS / the baseline's, each target in units of its standard deviation.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pgat_jax.backtest.bootstrap import MONTH, QUARTER, compute_interval
from pgat_jax.backtest.breakdown import PERCENT, break_down
from pgat_jax.backtest.forecasters import REFERENCE
from pgat_jax.data.cache import Arrays
from pgat_jax.data.columns import PRICES
from pgat_jax.data.volatility import CLOSE
from pgat_jax.forecasting.scores import COVERAGES, compute_pit_histogram, score_coverage

# The widest central interval whose coverage is counted.
WIDE = COVERAGES[-1]


class Scored(NamedTuple):
    """The scores of all forecasters on the same origins.

    Attributes:
        scores: name of a forecaster -> the arrays of `ruler.score_forecast`.
        dates: [O] `datetime64[D]` of the origins, increasing.
    """

    scores: dict[str, Arrays]
    dates: np.ndarray

    @property
    def years(self) -> np.ndarray:
        """The calendar year [O] of each origin."""
        return self.dates.astype("datetime64[Y]").astype(int) + 1970


def summarise(scored: Scored) -> dict[str, Any]:
    """Computes the results of all forecasters.

    Args:
        scored: the scores; `zero` and the reference `last_250` are among them.

    Returns:
        Name -> the results of `summarise_forecaster`.
    """
    return {name: summarise_forecaster(scored, name) for name in scored.scores}


def summarise_forecaster(scored: Scored, name: str) -> dict[str, Any]:
    """Computes the results of one forecaster.

    Args:
        scored: the scores of all forecasters, `zero` and the reference `last_250` among them.
        name: the name of the forecaster.

    Returns:
        `skill` over the reference in percent, of `pooled`, each target, the `sum` of the close over
        all days and the four targets together (`energy`), each with `value` and the ends of its
        intervals, `low`, `high`, `low_quarter` and `high_quarter`; `by_year`, `by_day` and
        `by_target_and_day` of the pooled skill; `scores`, what `break_down` returns;
        `coverage` by level and target; `coverage_by_year` of the widest interval of the close;
        `mse_over_zero` by target; `mse_gain_close`, the part of the zero return's squared error of
        the close that is removed, with intervals; `pit` by target, the share in each tenth; and
        `vs`, the skill over every other forecaster, with intervals.
    """
    own, base = scored.scores[name], scored.scores[REFERENCE]
    crps, reference = own["crps"], base["crps"]
    zero = scored.scores["zero"]["squared_error"]
    close = score_coverage(own["pit"][..., CLOSE], WIDE)
    return {
        "skill": {
            "pooled": _compare(pool(crps), pool(reference)),
            **{
                target: _compare(crps[..., i].mean(1), reference[..., i].mean(1))
                for i, target in enumerate(PRICES)
            },
            "sum": _compare(own["sum_crps"], base["sum_crps"]),
            "energy": _compare(own["energy"].mean(1), base["energy"].mean(1)),
        },
        "by_year": _split_by_year(scored, lambda rows: _find_skill(crps[rows], reference[rows])),
        "by_day": _find_skills(crps.mean((0, 2)), reference.mean((0, 2))),
        "by_target_and_day": {
            target: _find_skills(crps[..., i].mean(0), reference[..., i].mean(0))
            for i, target in enumerate(PRICES)
        },
        "scores": break_down(own, scored.years),
        "coverage": {
            f"{level:.0%}": {
                target: PERCENT * float(score_coverage(own["pit"][..., i], level).mean())
                for i, target in enumerate(PRICES)
            }
            for level in COVERAGES
        },
        "coverage_by_year": _split_by_year(
            scored, lambda rows: PERCENT * float(close[rows].mean())
        ),
        "mse_over_zero": {
            target: float(own["squared_error"][..., i].mean() / zero[..., i].mean())
            for i, target in enumerate(PRICES)
        },
        "mse_gain_close": _compare(
            own["squared_error"][..., CLOSE].mean(1), zero[..., CLOSE].mean(1)
        ),
        "pit": compute_pit_histogram(own["pit"]),
        "vs": {
            other: _compare(pool(crps), pool(their["crps"]))
            for other, their in scored.scores.items()
            if other != name
        },
    }


def pool(crps: np.ndarray) -> np.ndarray:
    """Averages the CRPS [O, P, T] over targets and days ahead: the pooled score [O].

    Args:
        crps: the CRPS in units of each target.
    """
    return crps.mean((1, 2))


def _compare(scores: np.ndarray, baseline: np.ndarray) -> dict[str, float]:
    """Returns the skill with its intervals by blocks of a month and of a quarter."""
    month, quarter = (compute_interval(scores, baseline, block) for block in (MONTH, QUARTER))
    return {
        "value": PERCENT * month.value,
        "low": PERCENT * month.low,
        "high": PERCENT * month.high,
        "low_quarter": PERCENT * quarter.low,
        "high_quarter": PERCENT * quarter.high,
    }


def _split_by_year(scored: Scored, compute: Callable[[np.ndarray], float]) -> dict[str, float]:
    """Applies a function of a mask of origins to each year."""
    return {str(year): compute(scored.years == year) for year in np.unique(scored.years)}


def _find_skill(scores: np.ndarray, baseline: np.ndarray) -> float:
    return PERCENT * float(1 - scores.mean() / baseline.mean())


def _find_skills(scores: np.ndarray, baseline: np.ndarray) -> list[float]:
    return (PERCENT * (1 - scores / baseline)).tolist()
