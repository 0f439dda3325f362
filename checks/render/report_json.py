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
    movement   root mean square of the first update over that of the weight, likewise; null too
               for a weight that starts at zero
    allowed    the allow-list's reason, or null
    tried      number of edits tried on it, null where none were asked for
    cures      [{kind, edit, measure, before, after, leaves, steps}], edits that brought it back;
               kind is leaf, equation or optimizer; measure is gradient, update or error; before is
               null where it was not finite; leaves are the names of all that it brought back;
               steps is the number of optimiser steps after which `after` was measured
flow       the way of the gradient from the loss to the inputs, module by module
    nodes      a list, the loss first, of
        name, kind ("loss", "module", "input"; "unread" for leaves that no equation reads)
        leaves     names of the parameters that it reads
        cuts       places of the equations in it that block a leaf
        steps      of a scan, norms of what goes back through its carry, the last step first
        arriving   norm of the cotangents that its readers give it, null where not measured
        factor     what it leaves of that on the way to other modules and inputs, likewise
    edges      a list of
        reader, source   names of nodes; the gradient goes from the first to the second
        state      "flows", "cut" (only values pass) or "unused" (thrown away)
        size       Euclidean norm of the cotangent in float64, null where not measured
"""

import json
import math
from collections.abc import Mapping
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
        "flow": strict(report.flow.document()),
    }


def strict(value: Any) -> Any:
    """With None for every number that is not finite: JSON has none of these."""
    if isinstance(value, Mapping):
        return {key: strict(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [strict(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(report: "Report", path: str | Path) -> None:
    """Writes the document, strictly valid (no NaN)."""
    text = json.dumps(document(report), indent=1, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _leaf(leaf: Leaf) -> dict[str, Any]:
    return strict(asdict(leaf)) | {"passes": leaf.passes}
