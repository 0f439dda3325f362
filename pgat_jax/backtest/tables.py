"""Formats the results of a back-test as tables of text, for the terminal and the page."""

from collections.abc import Mapping
from typing import Any

from pgat_jax.backtest.answer import find_best
from pgat_jax.backtest.breakdown import HEADS
from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.data.columns import PRICES
from pgat_jax.text_table import TextTable

NONE = "–"
Results = Mapping[str, Any]


def tabulate_report(report: Mapping[str, Any]) -> list[TextTable]:
    """Returns all tables of a back-test.

    Args:
        report: what `backtest.report.make_report` returns.
    """
    results = report["forecasters"]
    tables = [
        tabulate_skill(results),
        tabulate_targets(results),
        tabulate_years(results),
        tabulate_days(results),
        tabulate_calibration(results),
    ]
    subject = "model" if "model" in results else find_best(results)
    details = tabulate_scores(NAMES[subject], results[subject]["scores"])
    return [*tables[:1], tabulate_pairs(results), *tables[1:], *details]


def tabulate_skill(results: Results) -> TextTable:
    """Returns the pooled skill of each forecaster with its intervals.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    heads = ["forecaster", "skill %", "95%, 21 days", "95%, 63 days", "MSE/zero", "log score"]
    rows = []
    for name, result in results.items():
        pooled, score = result["skill"]["pooled"], result["scores"]["log_score"]["all"]
        rows.append(
            [
                NAMES[name],
                f"{pooled['value']:.2f}",
                _format_interval(pooled, ""),
                _format_interval(pooled, "_quarter"),
                f"{result['mse_over_zero']['Close']:.3f}",
                NONE if score is None else f"{score:.4f}",
            ]
        )
    caption = (
        "skill: percent of the CRPS of the last 250 days' distribution that a forecaster removes, "
        "over four targets and all days ahead, with intervals from blocks of 21 and 63 origins. "
        "MSE/zero: squared error of the close over that of a zero return. Log score in nats, lower "
        "is better"
    )
    return TextTable(caption, heads, rows)


def tabulate_pairs(results: Results) -> TextTable:
    """Returns the skill of the model over each baseline.

    Without a model, it is that of the simulations HAR-FHS, GJR-FHS and EWMA-FHS over the other
    baselines, each pair of simulations once.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    subjects = ["model"] if "model" in results else ["har_fhs", "gjr_fhs", "ewma_fhs"]
    rows = [
        [
            NAMES[subject],
            NAMES[other],
            f"{one['value']:+.2f}",
            _format_interval(one, ""),
            _format_interval(one, "_quarter"),
        ]
        for subject in subjects
        for other, one in results[subject]["vs"].items()
        if subject == "model" or subjects.index(subject) < _find_place(subjects, other)
    ]
    caption = "paired: percent of a baseline's CRPS that a forecaster removes on the same origins"
    heads = ["forecaster", "over", "gain %", "95%, 21 days", "95%, 63 days"]
    return TextTable(caption, heads, rows)


def tabulate_targets(results: Results) -> TextTable:
    """Returns the skill of each forecaster by target, of the sum, and of the targets together.

    The sum is the return of the close over all days ahead.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    kinds = {**{p: p for p in PRICES}, "sum": "sum of close", "energy": "energy score"}
    rows = [
        [NAMES[name], *(f"{result['skill'][kind]['value']:.2f}" for kind in kinds)]
        for name, result in results.items()
    ]
    caption = (
        "skill in percent by target; of the return of the close over all days together; and by the "
        "energy score of the four targets of a day together"
    )
    return TextTable(caption, ["forecaster", *kinds.values()], rows)


def tabulate_years(results: Results) -> TextTable:
    """Returns the pooled skill of each forecaster by year.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    return _tabulate_by_year(results, "by_year", "pooled skill in percent by year of the origin")


def tabulate_days(results: Results) -> TextTable:
    """Returns the pooled skill of each forecaster by day ahead.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    days = range(1, len(next(iter(results.values()))["by_day"]) + 1)
    rows = [
        [NAMES[name], *(f"{value:.1f}" for value in result["by_day"])]
        for name, result in results.items()
    ]
    return TextTable("pooled skill in percent by day ahead", ["forecaster", *map(str, days)], rows)


def tabulate_calibration(results: Results) -> TextTable:
    """Returns the coverage, in percent, of the central intervals of each forecaster.

    The columns are those of Close and High at each level, then `worst`: the coverage of the widest
    interval of the close in its worst year.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    levels = list(next(iter(results.values()))["coverage"])
    heads = [f"{level} {target}" for target in ("Close", "High") for level in levels]
    rows = []
    for name, result in results.items():
        cells = [
            f"{result['coverage'][level][target]:.1f}"
            for target in ("Close", "High")
            for level in levels
        ]
        years = result["coverage_by_year"].values()
        rows.append([NAMES[name], *cells, f"{min(years):.0f}"])
    caption = (
        "coverage: percent of actual returns inside the central interval; last, the coverage of "
        "the 90% band of the close in its worst year"
    )
    return TextTable(caption, ["forecaster", *heads, "worst"], rows)


def tabulate_scores(name: str, scores: Results) -> list[TextTable]:
    """Returns three tables of the scores of one forecaster: by target, by day ahead, by year.

    Args:
        name: the name of the forecaster, for the captions.
        scores: what `break_down` returns.
    """
    return [
        TextTable(
            f"{name} {what}: CRPS in units of each target's standard deviation, log score in nats, "
            "percent of actual returns inside the central intervals",
            [head, *(HEADS[key] for key in HEADS if part in scores[key])],
            _list_rows(scores, part),
        )
        for part, what, head in (
            ("by_target", "by target", "target"),
            ("by_day", "by day ahead", "day"),
            ("by_year", "by year of the origin", "year"),
        )
    ]


def _list_rows(scores: Results, part: str) -> list[list[str]]:
    """Returns a row for each target, day or year; the scores that have it are its cells."""
    parts = {key: scores[key][part] for key in HEADS if part in scores[key]}
    first = next(iter(parts.values()))
    names = first if isinstance(first, dict) else range(len(first))
    return [
        [
            name if isinstance(name, str) else str(name + 1),
            *(_format_score(key, values[name]) for key, values in parts.items()),
        ]
        for name in names
    ]


def _format_score(key: str, value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.1f}" if key.startswith("coverage") else f"{value:.4f}"


def _tabulate_by_year(results: Results, key: str, caption: str) -> TextTable:
    years = list(next(iter(results.values()))[key])
    rows = [
        [NAMES[name], *(f"{value:.1f}" for value in result[key].values())]
        for name, result in results.items()
    ]
    return TextTable(caption, ["forecaster", *years], rows)


def _find_place(subjects: list[str], name: str) -> int:
    """Returns the place of a name, after the last if it is not among the subjects."""
    return subjects.index(name) if name in subjects else len(subjects)


def _format_interval(skill: Mapping[str, float], suffix: str) -> str:
    return f"{skill['low' + suffix]:.2f} to {skill['high' + suffix]:.2f}"
