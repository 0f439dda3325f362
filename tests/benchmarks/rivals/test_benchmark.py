"""How alarms are counted, with tools that are written down."""

import json

import jax.numpy as jnp
import pytest

from benchmarks.faults.registry import Example, Fault
from benchmarks.rivals.__main__ import main
from benchmarks.rivals.benchmark import run_tools, to_records
from benchmarks.rivals.registry import TOOLS
from benchmarks.rivals.table import format_by_verdict, format_totals
from benchmarks.rivals.tool import WHOLE, Alarm, Tool


def unused(faulty):
    """Two leaves are not read by the faulty program, and a third is."""
    params = {"a": jnp.ones(()), "b": jnp.ones(()), "c": jnp.ones(())}
    return Example(lambda p: p["c"] ** 2 + (0 if faulty else p["a"] * p["b"]), params)


FAULT = Fault("disconnected", ("a", "b"), unused)


def _run(*alarms, is_asked_of_twin=False):
    """Runs a tool that raises some alarms on the faulty program, or else on its twin."""

    def find(case):
        is_twin = bool(case.steps[0].gradients["a"])
        return list(alarms) if is_twin == is_asked_of_twin else []

    [result] = run_tools(FAULT, [Tool("mine", find, "", {"no reader": "disconnected"})])
    return result


def test_a_fault_is_found_if_each_affected_leaf_has_an_alarm():
    result = _run(Alarm("a", "zero, no reader"), Alarm("b", "unused"), Alarm("c", "dead"))
    assert (result.found, result.leaves, result.causes) == (2, 2, 1)
    assert (result.alarms, result.others, result.is_twin_flagged) == (1, 4, False)
    assert "| faults found, each affected leaf | 1 of 1 |" in format_totals([result])
    assert "| `disconnected` | 1 of 1 |" in format_by_verdict([result])
    half = _run(Alarm("a", "zero, no reader"))
    assert "| faults found, each affected leaf | 0 of 1 |" in format_totals([half])


def test_an_alarm_on_the_whole_is_on_all_leaves():
    result = _run(Alarm(WHOLE, "NaN"))
    assert (result.found, result.causes, result.alarms) == (2, 0, 0)
    twin = _run(Alarm(WHOLE, "NaN"), is_asked_of_twin=True)
    assert (twin.found, twin.alarms, twin.is_twin_flagged) == (0, 3, True)


def test_an_error_of_a_tool_is_an_alarm_on_the_whole():
    def find(case):
        raise ValueError("no gradient\nmore")

    [result] = run_tools(FAULT, [Tool("mine", find, "")])
    assert (result.found, result.is_twin_flagged) == (2, True)
    [record] = json.loads(json.dumps(to_records([result])))
    assert record["says"]["twin"] == [
        {"leaf": "*", "reason": "ValueError: no gradient", "where": []}
    ]


def test_a_line_counts_if_an_alarm_on_an_affected_leaf_names_it():
    def blocked(faulty):
        """The value of one leaf is read as a constant."""
        return unused(faulty)  # here

    fault = Fault("blocked", ("a",), blocked)
    places = (fault.line(), "other.py:1")
    results = [
        run_tools(fault, [Tool("mine", lambda case, p=p: [Alarm("a", "", (f"{p} mul",))], "")])[0]
        for p in places
    ]
    assert [(result.lines, result.has_line) for result in results] == [(1, 1), (0, 1)]


def test_tools_have_names_and_rules_and_the_command_refuses_others(capsys):
    assert len({tool.name for tool in TOOLS}) == len(TOOLS) and all(tool.rules for tool in TOOLS)
    with pytest.raises(SystemExit) as error:
        main(["--tool", "pylint"])
    assert error.value.code == 2 and "jax_debug_nans" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_compares_all_tools_on_a_fault(capsys):
    assert main(["merged_before_training", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    found = {record["tool"]: record["found"] for record in records}
    assert list(found) == [tool.name for tool in TOOLS]
    assert (found["five lines"], found["jax_debug_nans"], found["checks"]) == (3, 0, 3)
