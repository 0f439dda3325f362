"""The report as data."""

import subprocess
import sys

import pytest

from checks import GradientFlow, Leaf, Report, Slice

LEAVES = (
    Leaf("a/x", (3,), "float32", "alive", "", gradient=2.0, movement=0.1),
    Leaf("a/y", (1,), "float32", "stuck", "", gradient=0.0, movement=0.3),
    Leaf("b", (), "float32", "disconnected", ""),
)


def test_a_report_is_a_mapping_by_name():
    report = Report(LEAVES)
    assert list(report) == ["a/x", "a/y", "b"] and len(report) == 3
    assert report["a/y"] is LEAVES[1] and "c" not in report


def test_an_unknown_name_is_an_error_that_lists_names():
    with pytest.raises(KeyError, match="no leaf is called 'c'; names: a/x, a/y, b"):
        Report(LEAVES)["c"]
    many = Report(tuple(Leaf(f"w{i}", (), "float32", "alive", "") for i in range(9)))
    with pytest.raises(KeyError, match=r"w7, \.\.\."):
        many["c"]


def test_it_passes_if_all_leaves_do_and_there_are_no_problems():
    assert Report(LEAVES[:1]).passes and Report(()).passes
    assert not Report(LEAVES).passes and not Report(LEAVES[:1], problems=("NaN",)).passes


def test_failing_leaves_are_worst_first():
    assert [leaf.name for leaf in Report(LEAVES).failing] == ["b", "a/y"]
    part = Slice(0, (1,), "stuck", "")
    sliced = Leaf("s", (2,), "float32", "alive", "", slices=[part])
    assert Report((sliced,)).failing == [sliced]


def test_subtrees_add_up():
    report = Report(LEAVES)
    assert list(report.by_subtree()) == ["a", "b"] and len(report.by_subtree(2)) == 3
    subtree = report.by_subtree()["a"]
    assert subtree.parameters == 4 and subtree.verdicts == {"stuck": 1, "alive": 1}
    assert subtree.gradient_norm == pytest.approx(2 * 3**0.5) and subtree.update_over_weight == 0.3
    other = report.by_subtree()["b"]
    assert other.gradient_norm is None and other.update_over_weight is None


def test_the_flow_is_computed_once_when_it_is_used():
    calls = []
    report = Report(LEAVES, find_flow=lambda: calls.append(1) or GradientFlow())
    assert calls == [] and report.flow is report.flow and calls == [1]


def test_a_static_report_has_no_profiles():
    assert Report(LEAVES).profiles(["b"]) == {}


@pytest.mark.parametrize("module", ["report", "gradient_flow", "gradient_profile"])
def test_the_data_load_no_renderer(module):
    code = f"import sys, checks.{module}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert f"checks.{module}" in shown
    assert not [m for m in shown if m.split(".")[0] in ("jinja2", "rich") or "checks.render" in m]
