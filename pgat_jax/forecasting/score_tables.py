"""Formats the content of `scores.json` as tables of text, for the terminal and the run's page."""

from typing import Any

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import printable
from pgat_jax.forecasting.baselines import FORECASTERS
from pgat_jax.forecasting.skill import Skill, format_skill
from pgat_jax.text_table import TextTable, open_console, print_table

# Key of a loss in scores.json -> its head in a table.
LOSSES = {"mse": "MSE", "mae": "MAE", "crps": "CRPS", "log_score": "log score"}
COVERED = ("50%", "80%", "90%")
NONE = "–"
# Characters of the parameters' digest that tell runs apart.
SHORT_DIGEST = 12


def print_scores(scores: dict[str, Any]) -> None:
    """Prints the tables and conclusions of a `scores.json`, in at most 100 columns.

    Args:
        scores: the content of `scores.json`, as `score_run` returns it.
    """
    console = open_console()
    digest = scores["params_sha256"][:SHORT_DIGEST]
    console.print(printable(f"{scores['run']}  parameters {digest}"))
    for table in tabulate_scores(scores):
        print_table(console, table)
    for line in list_conclusions(scores["splits"]["test"]):
        console.print(line)


def tabulate_scores(scores: dict[str, Any]) -> list[TextTable]:
    """Returns all tables of a `scores.json`: the splits, then the test split in detail.

    Scores of new rows have no validation split. The skill over the baselines is left out where the
    test days are too few to rank.

    Args:
        scores: the content of `scores.json`, as `score_run` returns it.
    """
    splits = scores["splits"]
    test, is_ranked = splits["test"]["forecasters"], splits["test"]["is_ranked"]
    return [
        *(
            tabulate_forecasters(name, splits[name])
            for name in ("test", "validation")
            if name in splits
        ),
        *([tabulate_skills(splits["test"]["comparisons"])] if is_ranked else []),
        tabulate_targets(test["model"]),
        tabulate_days(test),
    ]


def tabulate_forecasters(split: str, scores: dict[str, Any]) -> TextTable:
    """Returns one row for each forecaster: its losses, in scaled units, and its hit rates.

    Args:
        split: the name of the split for the caption, `validation` or `test`.
        scores: the entry of this split in `scores.json` (`splits` -> name of the split), as
            `score_split` returns it.
    """
    caption = (
        f"{split}: {scores['windows']} windows, {scores['first_day']} to {scores['last_day']}. "
        "Losses in scaled units: lower is better. Direction: share of days on which the sign of "
        "Close is right. 50, 80, 90%: share of actual returns inside the central interval"
    )
    heads = ["forecaster", *LOSSES.values(), "direction", *COVERED]
    rows = [_forecaster_row(key, one) for key, one in scores["forecasters"].items()]
    return TextTable(caption, heads, rows)


def _forecaster_row(key: str, scores: dict[str, Any]) -> list[str]:
    losses = [_format_loss(scores["scaled"].get(name)) for name in LOSSES]
    direction = _format_share(scores["direction"], "Close")
    return [FORECASTERS[key], *losses, direction, *_format_coverage(scores)]


def tabulate_skills(comparisons: list[dict[str, Any]]) -> TextTable:
    """Returns the model's skill over each baseline on the test windows, with 95% intervals.

    Args:
        comparisons: the entry `comparisons` of `compare_forecasters` on the test split.
    """
    heads = list(dict.fromkeys(_name_measure(c) for c in comparisons))
    cells = {(c["baseline"], _name_measure(c)): _format_skill(c) for c in comparisons}
    rows = [
        [FORECASTERS[name], *(cells.get((name, head), NONE) for head in heads)]
        for name in dict.fromkeys(c["baseline"] for c in comparisons)
    ]
    caption = (
        "test: skill, the share of a baseline's loss that the model removes (95% interval). Above "
        "0 the model is better"
    )
    return TextTable(caption, ["baseline", *heads], rows)


def _name_measure(comparison: dict[str, Any]) -> str:
    return f"{LOSSES[comparison['score']]} of {comparison['targets']}"


def _format_skill(comparison: dict[str, Any]) -> str:
    return format_skill(Skill(*(comparison[key] for key in ("skill", "low", "high", "days"))))


def tabulate_targets(model: dict[str, Any]) -> TextTable:
    """Returns the model's scores on the test windows, one row for each target.

    Args:
        model: the scores of the model, as `score_forecast` returns them.
    """
    rows = [
        [
            target,
            *(_format_return(model["returns"], name, target) for name in LOSSES),
            _format_share(model["direction"], target),
            *_format_coverage(model, target),
        ]
        for target in PRICES
    ]
    caption = (
        "test: the model by target. MAE and CRPS in percent of log return, MSE in percent squared, "
        "log score in nats"
    )
    return TextTable(caption, ["target", *LOSSES.values(), "direction", *COVERED], rows)


def tabulate_days(forecasters: dict[str, Any]) -> TextTable:
    """Returns MSE and, if the model has one, CRPS of each forecaster, one row for each day ahead.

    Args:
        forecasters: key in `FORECASTERS` -> its scores on one split, from `score_forecast`.
    """
    names = [n for n in ("mse", "crps") if n in forecasters["model"]["scaled"]]
    columns = {
        f"{LOSSES[name]} {FORECASTERS[key]}": one["scaled"][name]["by_day"]
        for name in names
        for key, one in forecasters.items()
        if name in one["scaled"]
    }
    rows = [
        [str(day), *(f"{value:.4f}" for value in values)]
        for day, values in enumerate(zip(*columns.values()), 1)
    ]
    return TextTable("test: by day ahead, in scaled units", ["day", *columns], rows)


def list_conclusions(scores: dict[str, Any]) -> list[str]:
    """Returns sentences: which baselines the model beats, or why the windows cannot show it.

    Args:
        scores: the scores of the test split, as `score_split` returns them.
    """
    days = scores["comparisons"][0]["days"]
    lines = list(scores["conclusions"])
    if scores["is_ranked"]:
        lines.append(
            f"The {scores['windows']} windows overlap: together they cover {days} different days. "
            "The intervals come from a block bootstrap over those days; they tend to be too narrow."
        )
    if scores["spread"]:
        lines.append(f"Distribution of the model: {scores['spread']}.")
    return lines


def _format_loss(summary: dict[str, Any] | None) -> str:
    return NONE if summary is None else f"{summary['all']:.4f}"


def _format_share(summary: dict[str, Any], target: str | None = None) -> str:
    value = summary["all"] if target is None else summary["by_target"][target]
    return NONE if value is None else f"{value:.1%}"


def _format_coverage(scores: dict[str, Any], target: str | None = None) -> list[str]:
    if "coverage" not in scores:
        return [NONE] * len(COVERED)
    return [_format_share(scores["coverage"][level], target) for level in COVERED]


def _format_return(returns: dict[str, Any], name: str, target: str) -> str:
    """Returns a loss in percent of log return, the log score in nats."""
    if name not in returns:
        return NONE
    factor = {"mse": 1e4, "log_score": 1}.get(name, 1e2)
    return f"{returns[name]['by_target'][target] * factor:.4f}"
