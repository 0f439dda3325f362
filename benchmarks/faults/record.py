"""What the checks say of one fault and of its sound twin, as plain data."""

from typing import Any

from benchmarks.faults.registry import Fault
from checks import Report
from checks.verdicts import HARMLESS_SLICES, PASSING, Leaf


def make_record(fault: Fault, report: Report, twin: Report) -> dict[str, Any]:
    """Returns what was expected and what the checks say, ready for JSON.

    Args:
        fault: The fault, which the oracle confirms.
        report: The report of the faulty program.
        twin: The report of the sound twin.

    Returns:
        A dict with these keys:

        - `name`, `verdict`, `line`, `report`, `held_out`: what the registry says of the fault;
          `verdict` and `line` (None if no line has to be named) are what the report must say;
        - `is_confirmed`: True;
        - `leaves`: for each affected leaf the `verdict` that it (or its affected slice) got, the
          places that the report names (`where`), `is_line_right` (None if no line has to be named)
          and the `cures`, as sentences;
        - `alarms`: other leaf that fails in the faulty program -> its verdict;
        - `twin`: leaf that fails in the sound twin -> its verdict.
    """
    line = fault.line()
    leaves = {
        name: {
            "verdict": find_verdict(fault, report, name),
            "where": list(report[name].where),
            "is_line_right": None if line is None else is_line_named(line, report[name].where),
            "cures": [str(cure.edit) for cure in report[name].cures],
        }
        for name in fault.leaves
    }
    alarms = {
        leaf.name: leaf.verdict
        for leaf in report.values()
        if leaf.verdict not in PASSING and not fault.affects(leaf.name)
    }
    return _describe(fault) | {
        "is_confirmed": True,
        "leaves": leaves,
        "alarms": alarms,
        "twin": {leaf.name: find_failing_verdict(leaf) for leaf in twin.failing},
    }


def make_unconfirmed_record(fault: Fault) -> dict[str, Any]:
    """Returns the record of a fault that the oracle does not confirm, on which nothing was run.

    Args:
        fault: The fault.
    """
    unknown = {"leaves": {}, "alarms": {}, "twin": {}}
    return _describe(fault) | {"is_confirmed": False} | unknown


def find_verdict(fault: Fault, report: Report, name: str) -> str:
    """Returns the verdict of an affected leaf, or of its affected slice.

    Args:
        fault: The fault.
        report: The report of the faulty program.
        name: The name of the leaf.
    """
    leaf = report[name]
    if fault.axis is None:
        return leaf.verdict
    axis, index = fault.axis
    return next(
        (s.verdict for s in leaf.slices if s.axis == axis and set(index) <= set(s.index)),
        leaf.verdict,
    )


def find_failing_verdict(leaf: Leaf) -> str:
    """Returns the verdict that makes a leaf fail: its own, or that of a slice.

    Args:
        leaf: A failing leaf of a report.
    """
    if leaf.verdict not in PASSING:
        return leaf.verdict
    return next(s.verdict for s in leaf.slices if s.verdict not in HARMLESS_SLICES)


def is_line_named(line: str, where: list[str]) -> bool:
    """Returns whether one of the places that a report names is the expected line.

    Args:
        line: `file.py:line`, or the optimiser stage.
        where: The places that the report names.
    """
    return any(place.startswith(line) or place.split()[0].endswith(line) for place in where)


def _describe(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "verdict": fault.verdict,
        "line": fault.line(),
        "report": fault.report,
        "held_out": fault.held_out,
    }
