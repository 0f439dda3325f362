"""A report as JSON, schema `checks.report/2`.

schema     "checks.report/2"
passes     whether nothing fails
static     whether only the static part ran
counts     {verdict: number of leaves}
problems   sentences that fail the report as a whole
notes      what was taken on trust
skipped    {name: why}
leaves     a list of
    name, shape, dtype, verdict, passes, evidence, where
    slices     [{axis, index, verdict, evidence}]
    also       [{verdict, evidence, where}], further verdicts that hold
    gradient   root mean square in float64, null where not measured or not finite
    movement   root mean square of the first update over that of the weight, likewise
    allowed    the allow-list's reason, or null
    tried      number of edits tried on it, null where none were asked for
    cures      [{kind, edit, measure, before, after, leaves, steps}], edits that brought it back;
               kind is leaf, equation or optimizer; measure is gradient, update or error; before is
               null where it was not finite; leaves are the names of all that it brought back;
               steps is the number of optimiser steps after which `after` was measured
"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.verdicts import Leaf

if TYPE_CHECKING:
    from checks.report import Report

SCHEMA = "checks.report/2"


def document(report: "Report") -> dict[str, Any]:
    """The report as plain dicts, lists, strings, numbers and None."""
    return {
        "schema": SCHEMA,
        "passes": report.passes,
        "static": report.static,
        "counts": report.verdict_counts(),
        "problems": list(report.problems),
        "notes": list(report.notes),
        "skipped": dict(report.skipped),
        "leaves": [_leaf(leaf) for leaf in report.leaves],
    }


def write_json(report: "Report", path: str | Path) -> None:
    """Writes the document, strictly valid (no NaN)."""
    text = json.dumps(document(report), indent=1, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _leaf(leaf: Leaf) -> dict[str, Any]:
    fields = asdict(leaf)
    for name in ("gradient", "movement"):
        fields[name] = _finite(fields[name])
    for cure in fields["cures"]:
        cure["before"] = _finite(cure["before"])
    return fields | {"passes": leaf.passes}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
