"""Runs tools on faulty programs and on their sound twins, and counts what they find."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax

from benchmarks.faults.record import is_line_named
from benchmarks.faults.registry import Example, Fault
from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import WHOLE, Alarm, Tool

_PROCESSES = 2


class Result(NamedTuple):
    """What one tool says of one fault and of its sound twin.

    Attributes:
        tool: The name of the tool.
        fault: The name of the fault.
        verdict: What is wrong, as a verdict of `checks`.
        leaves: The number of affected leaves.
        found: The number of affected leaves with an alarm. An alarm on the program as a whole
            counts for all of them.
        causes: The number of affected leaves whose alarm says what is wrong (`Tool.causes`).
        lines: 1 if an alarm on an affected leaf, or on the whole, names the faulty line, else 0.
        has_line: 1 if the fault has a line that has to be named, else 0.
        others: The number of leaves that are not affected, those of the twin included.
        alarms: The number of leaves that are not affected and have an alarm. An alarm on the twin
            as a whole counts for all its leaves.
        is_twin_flagged: Whether there is any alarm on the twin.
        seconds: Processor seconds of the tool, without those of the shared training.
        says: The alarms on the faulty program and on the twin, for the JSON.
    """

    tool: str
    fault: str
    verdict: str
    leaves: int
    found: int
    causes: int
    lines: int
    has_line: int
    others: int
    alarms: int
    is_twin_flagged: bool
    seconds: float
    says: dict[str, list[Alarm]]


def run_tools(fault: Fault, tools: Sequence[Tool]) -> list[Result]:
    """Runs tools on a fault and on its sound twin.

    Args:
        fault: The fault.
        tools: The tools; they share a `Case` for the fault and one for the twin.

    Returns:
        One result for each tool.
    """
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        cases = [_prepare(fault.make(faulty)) for faulty in (True, False)]
        return [_compare(fault, tool, *cases) for tool in tools]


def compare_tools(
    faults: Sequence[Fault], tools: Sequence[Tool], say: Callable[[str], None] = lambda line: None
) -> list[Result]:
    """Runs tools on faults and on their sound twins, in two new processes.

    Args:
        faults: The faults.
        tools: The tools.
        say: Called as `say(line)` with a line of progress after each fault; it ignores the line by
            default.

    Returns:
        The results, fault by fault.
    """
    results, processes = [], multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=processes) as pool:
        given = pool.map(partial(run_tools, tools=tools), faults)
        for number, (fault, some) in enumerate(zip(faults, given), 1):
            results += some
            say(f"{number}/{len(faults)} {fault.name}")
    return results


def _prepare(example: Example) -> Case:
    """Returns a case whose training is done, so that no tool pays for it."""
    case = Case(example)
    try:
        _ = case.steps
    except Exception:  # each tool that needs the training meets the error itself
        return case
    return case


def _compare(fault: Fault, tool: Tool, faulty: Case, twin: Case) -> Result:
    start = time.process_time()
    says = {"faulty": _ask(tool, faulty), "twin": _ask(tool, twin)}
    seconds = time.process_time() - start
    right = [alarm for alarm in says["faulty"] if alarm.leaf in (*fault.leaves, WHOLE)]
    others = [name for name in faulty.names if not fault.affects(name)]
    line = fault.line()
    return Result(
        tool=tool.name,
        fault=fault.name,
        verdict=fault.verdict,
        leaves=len(fault.leaves),
        found=len(_expand(right, fault.leaves)),
        causes=sum(_says_verdict(tool, alarm, fault.verdict) for alarm in right),
        lines=int(line is not None and any(is_line_named(line, list(a.where)) for a in right)),
        has_line=int(line is not None),
        others=len(others) + len(twin.names),
        alarms=sum(a.leaf in others for a in says["faulty"])
        + len(_expand(says["twin"], twin.names)),
        is_twin_flagged=bool(says["twin"]),
        seconds=seconds,
        says=says,
    )


def _says_verdict(tool: Tool, alarm: Alarm, verdict: str) -> bool:
    reasons = alarm.reason.split(", ")
    return alarm.leaf != WHOLE and verdict in [tool.causes.get(reason) for reason in reasons]


def _ask(tool: Tool, case: Case) -> list[Alarm]:
    """Returns the alarms of a tool; an error that it raises is an alarm on the whole."""
    try:
        return tool.find(case)
    except Exception as error:
        return [Alarm(WHOLE, f"{type(error).__name__}: {error}".partition("\n")[0])]


def _expand(alarms: Sequence[Alarm], names: Sequence[str]) -> set[str]:
    """Returns the names with an alarm; one on the whole is on all of them."""
    leaves = {alarm.leaf for alarm in alarms}
    return set(names) if WHOLE in leaves else leaves & set(names)


def to_records(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Returns the results as plain data for JSON.

    Args:
        results: The results.
    """
    return [
        result._asdict()
        | {"says": {k: [a._asdict() for a in alarms] for k, alarms in result.says.items()}}
        for result in results
    ]
