"""What each fault takes: the verdicts of a report, told fault by fault."""

import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checks.table import WIDTH
from checks.verdicts import PASSING
from pgat_jax.causes.intervention import Fault


def fault_table(report: Path, faults: Sequence[Fault]) -> str:
    """A row for each fault and verdict, the sums, and what no fault was predicted to take.

    Args:
        report: file of a report as JSON, as `checks.document` describes it.
        faults: those imposed on what was checked.
    """
    document = json.loads(report.read_text(encoding="utf-8"))
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("fault", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("leaves", "parameters"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what it does, and where the gradient ends", ratio=1, overflow="fold")
    for fault in faults:
        for row in fault_rows(document, fault):
            table.add_row(fault.name, *map(str, row))
    return _render(table) + "\n" + "\n".join(_sums(document, faults))


def fault_rows(document: dict[str, Any], fault: Fault) -> list[tuple[str, int, str, str]]:
    """Verdict, leaves, parameters and explanation, of what a fault takes; worst first."""
    taken: dict[str, list[dict[str, Any]]] = {}
    for leaf in document["leaves"]:
        for verdict in fault.predicts(leaf["name"]):
            if lost(leaf, verdict):
                taken.setdefault(verdict, []).append(leaf)
    rows = [
        (verdict, len(leaves), f"{sum(lost(x, verdict) for x in leaves):,}", _why(fault, leaves))
        for verdict, leaves in taken.items()
    ]
    return rows or [(_nothing(document, fault), 0, "0", _why(fault, []))]


def lost(leaf: dict[str, Any], verdict: str) -> int:
    """Parameters of a leaf that have a verdict: all of them, or those of its slices."""
    size = _size(leaf)
    if leaf["verdict"] == verdict:
        return size
    parts = [part for part in leaf["slices"] if part["verdict"] == verdict]
    return max((len(p["index"]) * size // leaf["shape"][p["axis"]] for p in parts), default=0)


def _nothing(document: dict[str, Any], fault: Fault) -> str:
    """The word for a fault that took no leaf here."""
    if not document["static"]:
        return "alive"
    provable = all(verdict == "disconnected" for _, verdict in fault.takes)
    return "reachable" if provable else "not static"


def _why(fault: Fault, leaves: Sequence[dict[str, Any]]) -> str:
    places = Counter(place for leaf in leaves for place in leaf["where"])
    lines = [fault.claim, *(f"at {place}" for place, _ in places.most_common(1))]
    return escape("\n".join(lines))


def _sums(document: dict[str, Any], faults: Sequence[Fault]) -> list[str]:
    leaves = document["leaves"]
    total = sum(map(_size, leaves))
    lines = []
    for verdict in document["counts"]:
        own = [leaf for leaf in leaves if leaf["verdict"] == verdict]
        size = sum(map(_size, own))
        lines.append(
            f"{verdict}: {len(own)} of {len(leaves)} leaves, {size:,} of {total:,} parameters "
            f"({100 * size / total:.1f}%)"
        )
    strange = [leaf for leaf in leaves if _is_strange(leaf, faults)]
    names = ", ".join(f"{leaf['name']} ({leaf['verdict']})" for leaf in strange)
    return [*lines, f"failing, and predicted by no fault: {names or 'none'}"]


def _is_strange(leaf: dict[str, Any], faults: Sequence[Fault]) -> bool:
    return leaf["verdict"] not in PASSING and not any(
        leaf["verdict"] in fault.predicts(leaf["name"]) for fault in faults
    )


def _size(leaf: dict[str, Any]) -> int:
    size = 1
    for length in leaf["shape"]:
        size *= length
    return size


def _render(table: Table) -> str:
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
