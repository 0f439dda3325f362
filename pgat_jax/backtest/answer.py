"""Writes what a back-test found, in five sentences."""

from collections.abc import Mapping
from typing import Any

from pgat_jax.backtest.forecasters import BASELINES, NAMES, REFERENCE

# The baselines that a model may hope to beat.
RIVALS = [name for name in BASELINES if name not in ("zero", "mean", REFERENCE)]
# Coverages, in percent, with which the 90% band counts as calibrated.
CALIBRATED = (87.0, 93.0)


def write_answer(report: Mapping[str, Any]) -> list[str]:
    """Returns five sentences about the model, or about the best baseline without one.

    Args:
        report: what `backtest.report.make_report` returns, with all baselines.
    """
    results = report["forecasters"]
    name = "model" if "model" in results else find_best(results)
    result = results[name]
    return [
        _write_skill(report, name, result),
        _write_rival(results, name, result),
        _write_years(result),
        _write_coverage(result),
        _write_mean(result),
    ]


def find_best(results: Mapping[str, Any]) -> str:
    """Returns the key of the baseline among `RIVALS` with the largest pooled skill.

    Args:
        results: name -> results, as `summarise` returns them, with all of `RIVALS`.
    """
    return max(RIVALS, key=lambda name: results[name]["skill"]["pooled"]["value"])


def _write_skill(report: Mapping[str, Any], name: str, result: Mapping[str, Any]) -> str:
    pooled = result["skill"]["pooled"]
    subject = "The model" if name == "model" else f"The best baseline, {NAMES[name]},"
    return (
        f"{subject} removes {pooled['value']:.2f}% of the CRPS of the last 250 days' distribution "
        f"(95% interval {pooled['low']:.2f} to {pooled['high']:.2f}), on {report['origins']:,} "
        f"origins from {report['first_day']} to {report['last_day']}."
    )


def _write_rival(results: Mapping[str, Any], name: str, result: Mapping[str, Any]) -> str:
    rivals = [rival for rival in RIVALS if rival != name]
    rival = max(rivals, key=lambda key: results[key]["skill"]["pooled"]["value"])
    paired = result["vs"][rival]
    low, high = paired["low"], paired["high"]
    verdict = (
        "so it is better" if low > 0 else "so it is worse" if high < 0 else "no clear difference"
    )
    years = result["by_year"]
    won = sum(value > results[rival]["by_year"][year] for year, value in years.items())
    best = "the best baseline" if name == "model" else "the next"
    return (
        f"Paired with {best}, {NAMES[rival]}, it gains {paired['value']:+.2f}% ({low:+.2f} to "
        f"{high:+.2f}), {verdict}; it is ahead in {won} of {len(years)} years."
    )


def _write_years(result: Mapping[str, Any]) -> str:
    years, skill = result["by_year"], result["skill"]
    best, worst = max(years, key=years.__getitem__), min(years, key=years.__getitem__)
    return (
        f"By year the skill is {years[worst]:.1f}% ({worst}) to {years[best]:.1f}% ({best}); by "
        f"target {skill['High']['value']:.1f}% for the high, {skill['Low']['value']:.1f}% for the "
        f"low and {skill['Close']['value']:.1f}% for the close."
    )


def _write_coverage(result: Mapping[str, Any]) -> str:
    close, years = result["coverage"]["90%"]["Close"], result["coverage_by_year"]
    low, high = CALIBRATED
    verdict = "calibrated" if low <= close <= high else "too narrow" if close < low else "too wide"
    worst = min(years, key=years.__getitem__)
    return (
        f"Its 90% band of the close contains {close:.1f}% of the true closes, so it is {verdict}; "
        f"the least is {years[worst]:.1f}%, in {worst}."
    )


def _write_mean(result: Mapping[str, Any]) -> str:
    return (
        f"The squared error of the close is {result['mse_over_zero']['Close']:.3f} of that of a "
        "zero return: what can be known of the coming days is how far prices will move, not where."
    )
