"""Formats lists and comparisons of runs as tables of text; it imports no JAX and no pandas."""

from collections.abc import Iterable
from pathlib import Path

from pgat_jax.errors import printable
from pgat_jax.storage.summary import (
    RunSummary,
    compare_runs,
    describe_steps,
    describe_summary,
    summarise_run,
)
from pgat_jax.text_table import TextTable

NONE = "–"


def tabulate_runs(summaries: Iterable[RunSummary]) -> TextTable:
    """Returns one row for each run.

    Args:
        summaries: the runs, the newest first.
    """
    heads = ["run", "date", "config", "source", "steps", "loss", "90%", "MB"]
    caption = (
        "runs, the newest first. Loss: the lowest validation loss of a checkpoint. 90%: the share "
        "of the test days' returns of Close inside the 90% band"
    )
    return TextTable(caption, heads, [_list_cells(summary) for summary in summaries])


def tabulate_run(run: Path) -> TextTable:
    """Returns one row for each fact about a run.

    Args:
        run: the folder of the run.

    Raises:
        UserError: its configuration cannot be read.
    """
    facts = describe_summary(summarise_run(run))
    rows = [[name, printable(text)] for name, text in facts.items()]
    return TextTable("", ["", printable(run.resolve().name)], rows)


def tabulate_comparison(first: Path, second: Path) -> TextTable:
    """Returns one row for each fact and each key of the configuration that differs.

    Args:
        first: the folder of a run.
        second: the folder of another one.

    Raises:
        UserError: a configuration cannot be read.
    """
    rows = [[key, *map(printable, pair)] for key, pair in compare_runs(first, second).items()]
    names = [printable(run.resolve().name) for run in (first, second)]
    return TextTable("facts, and the keys in which the configurations differ", ["", *names], rows)


def _list_cells(summary: RunSummary) -> list[str]:
    loss, coverage = summary.validation_loss, summary.coverage
    return [
        printable(summary.run),
        f"{summary.date:%Y-%m-%d}",
        printable(summary.configuration),
        printable(Path(summary.source).name),
        describe_steps(summary),
        NONE if loss is None else f"{loss:.4f}",
        NONE if coverage is None else f"{coverage:.0%}",
        describe_summary(summary)["size"].removesuffix(" MB"),
    ]
