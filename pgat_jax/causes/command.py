"""What `run.py causes` does: choose, try what is missing, print, write JSON and the page."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from checks.table import WIDTH
from pgat_jax.causes.cause import Cause
from pgat_jax.causes.conditions import Store
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import FULL, SCALES, all_causes
from pgat_jax.causes.results import results
from pgat_jax.causes.runner import run_missing
from pgat_jax.errors import UserError
from pgat_jax.output import write_output
from pgat_jax.progress import Reporter

SEEDS, FEW_SEEDS = 10, 4


def run_causes(
    config: StudyConfig,
    only: Sequence[str] = (),
    seeds: int | None = None,
    quick: bool = False,
    json_to: Path | None = None,
    html_to: Path | None = None,
) -> None:
    """Try the causes, and the fixes unless only some causes are wanted; print what they gave.

    Args:
        config: its wiring is what causes are imposed on; its faults make the sick model.
        only: numbers, or parts of titles, of the causes; all of them if empty.
        seeds: of each trial; halves of them are judged apart. ``SEEDS`` of them, or ``FEW_SEEDS``
            if quick, where it is left out.
        quick: the start alone, at the sizes of the configuration.
        json_to: file for all figures.
        html_to: file for the page.

    Raises:
        UserError: no cause is meant by an entry of ``only``, too few seeds, or a bad table.
    """
    seeds = seeds if seeds is not None else FEW_SEEDS if quick else SEEDS
    if seeds < 2:
        raise UserError(f"--seeds {seeds}: expected 2 or more, since one has no uncertainty.")
    causes = chosen_causes(only)
    scales = [FULL] if quick else SCALES
    store, reporter = Store(), Reporter()
    try:
        run_missing(config, scales, causes, not only, range(seeds), store, reporter)
    except KeyboardInterrupt:
        reporter.close()
        reporter.say("finished trials are kept; the same command goes on")
        raise
    reporter.say("proofs and tables ...")
    found = results(config, scales, causes, not only, range(seeds), store)
    print(table_of(found))
    if json_to is not None:
        write_output(json_to, (json.dumps(found, indent=1) + "\n").encode())
    if html_to is not None:
        from pgat_jax.causes.page import causes_page

        reporter.say("the page ...")
        write_output(html_to, causes_page(found, config).encode())


def list_causes() -> str:
    """A row for each cause: number, title, and the texts' own rank."""
    table = _table("no.", "cause", "texts' rank", "what would have to be seen")
    for cause in all_causes().values():
        table.add_row(cause.number, cause.title, str(cause.rank or ""), cause.prediction)
    return _rendered(table)


def chosen_causes(only: Sequence[str]) -> list[Cause]:
    """Causes by their numbers or by parts of their titles; all of them if none is named.

    Raises:
        UserError: no cause is meant.
    """
    causes = all_causes()
    chosen: dict[str, Cause] = {}
    for word in only:
        meant = [causes[word]] if word in causes else _titled(causes.values(), word)
        if not meant:
            raise UserError(
                f"--only {word}: there is no cause of this number or title; causes: "
                f"{', '.join(causes)} (`run.py causes --list` shows their titles)."
            )
        chosen |= {cause.number: cause for cause in meant}
    return list((chosen or causes).values())


def table_of(found: dict[str, Any]) -> str:
    """Verdicts of the causes, and what the fixes bring back, for a terminal."""
    table = _table("no.", "cause", "verdict", "rests on", "removed", "imposed")
    for cause in found["causes"]:
        outcome = cause["outcome"]
        shares = [share_text(cause, d, outcome) for d in ("removed", "imposed")]
        table.add_row(cause["number"], cause["title"], cause["verdict"], outcome, *shares)
    lines = [_rendered(table), LEGEND]
    if found["remedies"]:
        lines += ["", _rendered(_remedy_table(found))]
    return "\n".join(lines)


LEGEND = (
    "removed, imposed: share of the way to the symptom that taking it from the sick model undoes, "
    "and that\nimposing it on the healthy one makes; with its 95% interval over seeds."
)


def share_text(cause: dict[str, Any], direction: str, outcome: str) -> str:
    """Such as `12% (9 to 15)`; empty where that was not tried."""
    effect = cause.get(direction, {}).get("effects", {}).get(outcome)
    if effect is None:
        return ""
    return f"{100 * effect['share']:.0f}% ({100 * effect['low']:.0f} to {100 * effect['high']:.0f})"


def _remedy_table(found: dict[str, Any]) -> Table:
    trained = [scale["name"] for scale in found["scales"] if scale["updates"]]
    ends = [f"{what}, {name}" for name in trained for what in ("spread", "validation")]
    table = _table("fix", "dead leaves", "dead parameters", *ends)
    bases = found["bases"]
    rows = (
        {"name": "none"} | bases["sick"],
        *found["remedies"],
        {"name": "healthy"} | bases["healthy"],
    )
    for row in rows:
        measured = [text for name in trained for text in end_texts(row, name)]
        table.add_row(row["name"], *lost_texts(row), *measured)
    return table


def lost_texts(row: dict[str, Any]) -> tuple[str, str]:
    """Leaves and parameters without gradient, at the full size."""
    lost = row.get(FULL.name, {}).get("lost")
    if lost is None:
        return "", ""
    leaves, parameters = (lost["disconnected"][i] + lost["zero"][i] for i in (0, 1))
    return str(leaves), f"{parameters:,}"


def end_texts(row: dict[str, Any], scale: str) -> tuple[str, str]:
    """Spread over the targets' and validation loss, after training at a scale."""
    end = row.get(scale, {}).get("end")
    if end is None:
        return "", ""
    return f"{end['spread'] / end['target_spread']:.3f}", f"{end['validation']:.4f}"


def _titled(causes: Any, word: str) -> list[Cause]:
    return [cause for cause in causes if word.lower() in cause.title.lower()]


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _rendered(table: Table) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
