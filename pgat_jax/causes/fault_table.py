"""Counts for each fault the verdicts of a report that it causes."""

import json
from collections import Counter
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from checks import PASSING
from pgat_jax.causes.intervention import WiringFault
from pgat_jax.causes.result_tables import WIDTH, render_table


def format_fault_table(report: Path, faults: Sequence[WiringFault]) -> str:
    """Formats a row for each fault and verdict, the sums, and the leaves that no fault explains.

    Args:
        report: File of a report as JSON, as `run_check` of the checks writes it.
        faults: The faults of the model that was checked.
    """
    document = json.loads(report.read_text(encoding="utf-8"))
    table = Table(box=box.SIMPLE_HEAD, width=WIDTH, pad_edge=False)
    table.add_column("fault", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("leaves", "parameters"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what it does, and where the gradient ends", ratio=1, overflow="fold")
    for fault in faults:
        for row in list_losses(document, fault):
            table.add_row(fault.name, *map(str, row))
    return render_table(table) + "\n" + "\n".join(_format_sums(document, faults))


def list_losses(document: dict[str, Any], fault: WiringFault) -> list[tuple[str, int, str, str]]:
    """Returns (verdict, leaves, parameters, explanation) for each verdict that a fault causes.

    The leaves of a report are sorted, the worst first, and so are the verdicts. The number of
    parameters is a text with separators. If no leaf has such a verdict, the only row has the word
    `alive`, `reachable` or `not static` in place of it, and zeros.

    Args:
        document: The JSON document of a report, as `checks.render` writes it: schema
            `checks.report/2`.
        fault: The fault.
    """
    affected: dict[str, list[dict[str, Any]]] = {}
    for leaf in document["leaves"]:
        for verdict in fault.predict(leaf["name"]):
            if count_parameters(leaf, verdict):
                affected.setdefault(verdict, []).append(leaf)
    rows = [
        (
            verdict,
            len(leaves),
            f"{sum(count_parameters(leaf, verdict) for leaf in leaves):,}",
            _explain(fault, leaves),
        )
        for verdict, leaves in affected.items()
    ]
    return rows or [(_name_no_loss(document, fault), 0, "0", _explain(fault, []))]


def count_parameters(leaf: dict[str, Any], verdict: str) -> int:
    """Returns how many parameters of a leaf have a verdict: all, or those of its slices.

    Args:
        leaf: An entry of `leaves` in the document of a report.
        verdict: The verdict.
    """
    size = prod(leaf["shape"])
    if leaf["verdict"] == verdict:
        return size
    parts = [part for part in leaf["slices"] if part["verdict"] == verdict]
    return max((len(p["index"]) * size // leaf["shape"][p["axis"]] for p in parts), default=0)


def _name_no_loss(document: dict[str, Any], fault: WiringFault) -> str:
    """Returns the word for a fault that affects no leaf in this report."""
    if not document["static"]:
        return "alive"
    is_provable = all(verdict == "disconnected" for _, verdict in fault.takes)
    return "reachable" if is_provable else "not static"


def _explain(fault: WiringFault, leaves: Sequence[dict[str, Any]]) -> str:
    places = Counter(place for leaf in leaves for place in leaf["where"])
    lines = [fault.claim, *(f"at {place}" for place, _ in places.most_common(1))]
    return escape("\n".join(lines))


def _format_sums(document: dict[str, Any], faults: Sequence[WiringFault]) -> list[str]:
    leaves = document["leaves"]
    total = sum(prod(leaf["shape"]) for leaf in leaves)
    lines = []
    for verdict in document["counts"]:
        own = [leaf for leaf in leaves if leaf["verdict"] == verdict]
        size = sum(prod(leaf["shape"]) for leaf in own)
        lines.append(
            f"{verdict}: {len(own)} of {len(leaves)} leaves, {size:,} of {total:,} parameters "
            f"({100 * size / total:.1f}%)"
        )
    unexplained = [leaf for leaf in leaves if _is_unexplained(leaf, faults)]
    names = ", ".join(f"{leaf['name']} ({leaf['verdict']})" for leaf in unexplained)
    return [*lines, f"failing, and predicted by no fault: {names or 'none'}"]


def _is_unexplained(leaf: dict[str, Any], faults: Sequence[WiringFault]) -> bool:
    return leaf["verdict"] not in PASSING and not any(
        leaf["verdict"] in fault.predict(leaf["name"]) for fault in faults
    )
