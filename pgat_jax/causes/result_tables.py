"""Formats the results of a study as tables for a terminal, and as cells of the page."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.cause_verdict import IMPOSED, REMOVED
from pgat_jax.causes.scales import FULL

WIDTH = 100  # columns of a terminal
LEGEND = (
    "removed, imposed: share of the distance from the sound model to the symptom that removing the "
    "cause\nfrom the faulty model undoes, and that imposing it on the sound model produces; with a "
    "95% interval\nover seeds."
)


def format_causes(causes: Iterable[Cause]) -> str:
    """Formats a row for each cause: number, title, rank in the document, and prediction.

    Args:
        causes: The causes, in the order of the rows.
    """
    table = new_table("no.", "cause", "rank in list", "what must be measured if it is true")
    for cause in causes:
        table.add_row(cause.number, cause.title, str(cause.rank or ""), cause.prediction)
    return render_table(table)


def format_results(results: Mapping[str, Any]) -> str:
    """Formats the verdicts of the causes, and what the remedies restore.

    Args:
        results: What `collect_results` returned.
    """
    table = new_table("no.", "cause", "verdict", "rests on", REMOVED, IMPOSED)
    for cause in results["causes"]:
        outcome = cause["outcome"]
        shares = [format_share(cause, name, outcome) for name in (REMOVED, IMPOSED)]
        table.add_row(cause["number"], cause["title"], cause["verdict"], outcome, *shares)
    lines = [render_table(table), LEGEND]
    if results["remedies"]:
        lines += ["", render_table(_tabulate_remedies(results))]
    return "\n".join(lines)


def format_share(cause: dict[str, Any], experiment: str, outcome: str) -> str:
    """Formats an effect, such as `12% (9 to 15)`; empty where it was not measured.

    Args:
        cause: An entry of `causes` in what `collect_results` returned.
        experiment: `imposed` or `removed`.
        outcome: The name of an outcome.
    """
    effect = cause.get(experiment, {}).get("effects", {}).get(outcome)
    if effect is None:
        return ""
    return f"{100 * effect['share']:.0f}% ({100 * effect['low']:.0f} to {100 * effect['high']:.0f})"


def format_losses(row: dict[str, Any]) -> tuple[str, str]:
    """Formats the numbers of leaves and of parameters without gradient, at full size.

    Both texts are empty where they were not measured.

    Args:
        row: An entry of `bases` or `remedies` in what `collect_results` returned.
    """
    kinds = row.get(FULL.name, {}).get("kinds")
    if kinds is None:
        return "", ""
    leaves, parameters = (kinds["disconnected"][i] + kinds["zero"][i] for i in (0, 1))
    return str(leaves), f"{parameters:,}"


def format_end(row: dict[str, Any], scale: str) -> tuple[str, str]:
    """Formats the forecasts' spread over the targets', and the validation loss, after training.

    Both texts are empty where nothing was trained.

    Args:
        row: An entry of `bases` or `remedies` in what `collect_results` returned.
        scale: The name of a scale, such as `small`.
    """
    end = row.get(scale, {}).get("end")
    if end is None:
        return "", ""
    return f"{end['spread'] / end['target_spread']:.3f}", f"{end['validation']:.4f}"


def new_table(*columns: str) -> Table:
    """Returns an empty table whose cells wrap.

    Args:
        *columns: The heads of the columns.
    """
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def render_table(table: Table) -> str:
    """Renders a table as plain text of at most `WIDTH` columns.

    Args:
        table: The table.
    """
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _tabulate_remedies(results: Mapping[str, Any]) -> Table:
    trained = [scale["name"] for scale in results["scales"] if scale["updates"]]
    ends = [f"{quantity}, {name}" for name in trained for quantity in ("spread", "validation")]
    table = new_table("fix", "leaves without gradient", "parameters", *ends)
    bases = results["bases"]
    rows = (
        {"name": "none"} | bases["faulty"],
        *results["remedies"],
        {"name": "sound model"} | bases["sound"],
    )
    for row in rows:
        measured = [text for name in trained for text in format_end(row, name)]
        table.add_row(row["name"], *format_losses(row), *measured)
    return table
