"""scores.json as tables for a terminal of 100 columns."""

from rich.console import Console
from rich.table import Table

from pgat_jax.scores import FORECASTERS, TARGET_NAMES

WIDTH = 100
LOSSES = {"mse": "MSE", "mae": "MAE", "crps": "CRPS", "log_score": "log score"}


def print_scores(found: dict) -> None:
    """Print validation and test beside the baselines, the test in detail, and what it says."""
    console = Console()
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    console.print(f"[bold]{found['run']}[/]  parameters {found['params_sha256'][:12]}")
    for split, scores in found["splits"].items():
        console.print(beside_baselines(split, scores))
    test = found["splits"]["test"]
    console.print(by_target(test["forecasters"]["model"]))
    console.print(by_day(test["forecasters"]))
    for line in conclusions(test):
        console.print(line, highlight=False)


def beside_baselines(split: str, scores: dict) -> Table:
    """One row a forecaster, in scaled units; lower is better up to ``direction``."""
    table = _table(
        f"{split}: {scores['windows']} windows, {scores['first_day']} to {scores['last_day']} "
        "(scaled units)",
        ["forecaster", *LOSSES.values(), "direction", "50%", "80%", "90%"],
    )
    for key, one in scores["forecasters"].items():
        losses = [_number(one["scaled"].get(name)) for name in LOSSES]
        table.add_row(
            FORECASTERS[key],
            *losses,
            _percent(one["direction"], "by_target", "Close"),
            *_cover(one),
        )
    table.caption = "direction: of Close. 50%, 80%, 90%: share of truths in the central interval."
    return table


def by_target(model: dict) -> Table:
    """The model on the test windows, one row a target, in log returns."""
    table = _table(
        "test by target (log returns, in percent; MSE in percent squared)",
        ["target", *LOSSES.values(), "direction", "50%", "80%", "90%"],
    )
    for target in TARGET_NAMES:
        cells = [_return(model["returns"], name, target) for name in LOSSES]
        direction = _percent(model["direction"], "by_target", target)
        table.add_row(target, *cells, direction, *_cover(model, "by_target", target))
    return table


def by_day(forecasters: dict) -> Table:
    """One row a day ahead: MSE of each forecaster, and CRPS where the model has one."""
    shown = [n for n in ("mse", "crps") if n in forecasters["model"]["scaled"]]
    columns = [
        (name, key) for name in shown for key, one in forecasters.items() if name in one["scaled"]
    ]
    heads = [f"{LOSSES[name]} {FORECASTERS[key]}" for name, key in columns]
    table = _table("test by day ahead (scaled units)", ["day", *heads])
    days = len(forecasters["model"]["scaled"]["mse"]["by_day"])
    for day in range(days):
        cells = [f"{forecasters[k]['scaled'][n]['by_day'][day]:.4f}" for n, k in columns]
        table.add_row(str(day + 1), *cells)
    return table


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


def _table(title: str, heads: list[str]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for i, head in enumerate(heads):
        table.add_column(head, justify="right" if i else "left")
    return table


def _number(summary: dict | None) -> str:
    return "–" if summary is None else f"{summary['all']:.4f}"


def _percent(summary: dict, *path: str) -> str:
    value = summary
    for key in path:
        value = value[key]
    return "–" if value is None else f"{value:.1%}"


def _cover(one: dict, *path: str) -> list[str]:
    if "coverage" not in one:
        return ["–"] * 3
    return [_percent(summary, *(path or ("all",))) for summary in one["coverage"].values()]


def _return(returns: dict, name: str, target: str) -> str:
    if name not in returns:
        return "–"
    value = returns[name]["by_target"][target]
    factor = {"mse": 1e4, "log_score": 1}.get(name, 1e2)
    return f"{value * factor:.4f}"
