"""scores.json as tables: for a terminal of 100 columns, and for the report."""

from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from pgat_jax.errors import printable
from pgat_jax.forecasting.comparison import Skill, interval
from pgat_jax.forecasting.scores import FORECASTERS, TARGET_NAMES

WIDTH = 100
LOSSES = {"mse": "MSE", "mae": "MAE", "crps": "CRPS", "log_score": "log score"}
COVERED = ("50%", "80%", "90%")


class Grid(NamedTuple):
    """A table of text: a caption, column heads, rows."""

    caption: str
    heads: list[str]
    rows: list[list[str]]


def print_scores(found: dict) -> None:
    """Print validation and test beside the baselines, the test in detail, and what it says."""
    console = Console(markup=False, emoji=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    console.print(printable(f"{found['run']}  parameters {found['params_sha256'][:12]}"))
    for grid in score_grids(found):
        console.print(_rich(grid))
    for line in conclusions(found["splits"]["test"]):
        console.print(line, highlight=False)


def score_grids(found: dict) -> list[Grid]:
    """All tables of a scores.json."""
    splits = found["splits"]
    test = splits["test"]["forecasters"]
    besides = [beside_baselines(name, splits[name]) for name in ("test", "validation")]
    against = skills(splits["test"]["comparisons"])
    return [*besides, against, by_target(test["model"]), by_day(test)]


def beside_baselines(split: str, scores: dict) -> Grid:
    """One row a forecaster, in scaled units; lower is better up to ``direction``."""
    caption = (
        f"{split}: {scores['windows']} windows, {scores['first_day']} to {scores['last_day']}; "
        "scaled units; direction of Close; share of truths inside the central 50, 80, 90%"
    )
    heads = ["forecaster", *LOSSES.values(), "direction", *COVERED]
    return Grid(caption, heads, [_forecaster(*item) for item in scores["forecasters"].items()])


def _forecaster(key: str, one: dict) -> list[str]:
    losses = [_number(one["scaled"].get(name)) for name in LOSSES]
    return [FORECASTERS[key], *losses, _share(one["direction"], "Close"), *_cover(one)]


def skills(comparisons: list[dict]) -> Grid:
    """Share of each baseline's test loss that the model removes, with its 95% interval."""
    heads = list(dict.fromkeys(_measure(c) for c in comparisons))
    cells = {(c["baseline"], _measure(c)): _skill(c) for c in comparisons}
    rows = [
        [FORECASTERS[name], *(cells.get((name, head), "–") for head in heads)]
        for name in dict.fromkeys(c["baseline"] for c in comparisons)
    ]
    caption = (
        "test: share of a baseline's loss that the model removes (95% interval), above 0 better"
    )
    return Grid(caption, ["against", *heads], rows)


def _measure(one: dict) -> str:
    return f"{LOSSES[one['score']]} of {one['targets']}"


def _skill(one: dict) -> str:
    return interval(Skill(one["skill"], one["low"], one["high"], one["days"]))


def by_target(model: dict) -> Grid:
    """The model on the test windows, one row a target, in log returns."""
    rows = [
        [
            target,
            *(_return(model["returns"], name, target) for name in LOSSES),
            _share(model["direction"], target),
            *_cover(model, target),
        ]
        for target in TARGET_NAMES
    ]
    caption = "test, the model by target: log returns in percent, MSE in percent squared"
    return Grid(caption, ["target", *LOSSES.values(), "direction", *COVERED], rows)


def by_day(forecasters: dict) -> Grid:
    """One row a day ahead: MSE of each forecaster, and CRPS where the model has one."""
    shown = [n for n in ("mse", "crps") if n in forecasters["model"]["scaled"]]
    columns = {
        f"{LOSSES[name]} {FORECASTERS[key]}": one["scaled"][name]["by_day"]
        for name in shown
        for key, one in forecasters.items()
        if name in one["scaled"]
    }
    rows = [
        [str(day), *(f"{value:.4f}" for value in values)]
        for day, values in enumerate(zip(*columns.values()), 1)
    ]
    return Grid("test by day ahead: scaled units", ["day", *columns], rows)


def conclusions(scores: dict) -> list[str]:
    """Whether the model beats each baseline, and how much the windows can say."""
    days = scores["comparisons"][0]["days"]
    lines = [
        *scores["conclusions"],
        f"The {scores['windows']} windows overlap: together they are {days} different days; the "
        "intervals (block bootstrap over those days) are, if anything, too narrow.",
    ]
    if scores["spread"]:
        lines.append(f"Distribution of the model: {scores['spread']}.")
    return lines


def _rich(grid: Grid) -> Table:
    table = Table(title=grid.caption, title_justify="left")
    for i, head in enumerate(grid.heads):
        table.add_column(head, justify="right" if i else "left")
    for row in grid.rows:
        table.add_row(*row)
    return table


def _number(summary: dict | None) -> str:
    return "–" if summary is None else f"{summary['all']:.4f}"


def _share(summary: dict, target: str | None = None) -> str:
    value = summary["all"] if target is None else summary["by_target"][target]
    return "–" if value is None else f"{value:.1%}"


def _cover(one: dict, target: str | None = None) -> list[str]:
    if "coverage" not in one:
        return ["–"] * len(COVERED)
    return [_share(one["coverage"][level], target) for level in COVERED]


def _return(returns: dict, name: str, target: str) -> str:
    if name not in returns:
        return "–"
    factor = {"mse": 1e4, "log_score": 1}.get(name, 1e2)
    return f"{returns[name]['by_target'][target] * factor:.4f}"
