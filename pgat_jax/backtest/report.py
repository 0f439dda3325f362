"""Puts the results of a back-test and its circumstances together, and reduces them for `--json`."""

from typing import Any

from pgat_jax.backtest.leaks import find_leaks
from pgat_jax.backtest.origins import Refit
from pgat_jax.backtest.results import Scored, summarise


def make_report(
    scored: Scored, name: str, source: str, horizon: int, refit: Refit, step: int
) -> dict[str, Any]:
    """Computes everything that tables and page show.

    Args:
        scored: the scores of all forecasters.
        name: the name of the configuration.
        source: the name of the table.
        horizon: P, the days ahead.
        refit: when the forecasters are fitted: `never` (once) or `yearly`.
        step: the distance of two origins, in trading days.

    Returns:
        `config` (the name), `source`, `horizon`, `refit` and `step` as given; `origins` (their
        number), `first_day` and `last_day`; `forecasters`, what `summarise` returns; `leaks`, the
        sentences of `find_leaks`.
    """
    results = summarise(scored)
    return {
        "config": name,
        "source": source,
        "horizon": horizon,
        "refit": refit,
        "step": step,
        "origins": len(scored.dates),
        "first_day": str(scored.dates[0]),
        "last_day": str(scored.dates[-1]),
        "forecasters": results,
        "leaks": find_leaks(results),
    }


def reduce_report(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the figures of `--json`; skills and coverages are in percent.

    Args:
        report: what `make_report` returned.

    Returns:
        `origins`, and the key of each forecaster -> `pooled_skill` over the last 250 days with the
        ends `low` and `high` of its 95% interval (blocks of 21 days), `coverage_90_close`,
        `close_mse_over_zero` and `by_year` (year -> pooled skill); for the model also `vs`,
        baseline -> `low` and `high` of its skill over it.
    """
    figures: dict[str, Any] = {"origins": report["origins"]}
    for name, result in report["forecasters"].items():
        pooled = result["skill"]["pooled"]
        figures[name] = {
            "pooled_skill": pooled["value"],
            "low": pooled["low"],
            "high": pooled["high"],
            "coverage_90_close": result["coverage"]["90%"]["Close"],
            "close_mse_over_zero": result["mse_over_zero"]["Close"],
            "by_year": result["by_year"],
        }
        if name == "model":
            figures[name]["vs"] = {
                other: {"low": one["low"], "high": one["high"]}
                for other, one in result["vs"].items()
            }
    return figures
