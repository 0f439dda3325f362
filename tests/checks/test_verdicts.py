"""The order of the verdicts, and what a report says of one leaf."""

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.verdicts import (
    HARMLESS_SLICES,
    ORDER,
    PASSING,
    Leaf,
    Slice,
    first_of,
    make_leaf,
    verdict_counts,
    worst_first,
)

FAILING = ("disconnected", "blocked", "non_finite", "wrong", "invariant", "unvisited", "stuck")


def leaf(name="a", verdict="alive", **fields):
    return Leaf(name, (2, 3), "float32", verdict, "", **fields)


def test_proofs_come_before_measurements_and_passing_verdicts_last():
    assert ORDER[: len(FAILING)] == FAILING
    assert ORDER[-2:] == ("alive", "reachable") and len(set(ORDER)) == len(ORDER)


def test_three_verdicts_pass_and_an_unvisited_slice_does_no_harm():
    assert {"alive", "waking", "reachable"} == PASSING
    assert PASSING < HARMLESS_SLICES and "unvisited" in HARMLESS_SLICES
    assert "stuck" not in HARMLESS_SLICES


def test_the_worst_finding_comes_first_and_its_equals_are_dropped():
    stuck, placed = Finding("stuck", "a"), Finding("stuck", "b", ("m.py:1 mul",))
    alive, blocked = Finding("alive", "c"), Finding("blocked", "d")
    assert first_of([alive, stuck, placed]) == (placed, [alive])
    assert first_of([alive, stuck, blocked]) == (blocked, [stuck, alive])


def test_a_leaf_without_a_finding_is_an_error():
    with pytest.raises(ValueError, match="a leaf needs at least one finding: got none"):
        first_of([])


def test_a_leaf_takes_the_winning_finding():
    findings = [
        Finding("alive", "x"),
        Finding("starved", "y", ("scale",)),
        Finding("vanishing", "z"),
    ]
    found = make_leaf("a", np.ones((2, 3), np.float32), findings, gradient=0.5, movement=0.0)
    assert (found.name, found.shape, found.dtype, found.size) == ("a", (2, 3), "float32", 6)
    assert (found.verdict, found.evidence, found.where) == ("vanishing", "z", [])
    assert found.also == [Finding("starved", "y", ("scale",))]
    assert (found.gradient, found.movement) == (0.5, 0.0)


def test_slices_are_sorted_and_give_their_places_to_a_leaf_that_names_none():
    parts = [
        SliceFinding("stuck", "s", ("q", "p"), 1, (0,)),
        SliceFinding("blocked", "b", ("p",), 0, (1,)),
    ]
    found = make_leaf("a", np.ones((2, 3)), [Finding("alive", ""), *parts])
    assert found.slices == [Slice(0, (1,), "blocked", "b"), Slice(1, (0,), "stuck", "s")]
    assert found.where == ["p", "q"] and found.also == []
    assert make_leaf("a", np.ones(2), [Finding("stuck", "", ("m",)), *parts]).where == ["m"]


@pytest.mark.parametrize("verdict", ORDER)
def test_a_leaf_passes_by_its_verdict_or_by_the_allow_list(verdict):
    assert leaf(verdict=verdict).passes is (verdict in PASSING)
    allowed = leaf(verdict=verdict).allowed_because("frozen on purpose")
    assert allowed.passes and allowed.allowed == "frozen on purpose"


@pytest.mark.parametrize("verdict", ORDER)
def test_a_slice_fails_a_leaf_that_passes_unless_it_is_harmless(verdict):
    sliced = leaf(slices=[Slice(0, (1,), verdict, "")])
    assert sliced.passes is (verdict in HARMLESS_SLICES)


def test_a_scalar_has_one_element():
    assert Leaf("s", (), "float32", "alive", "").size == 1


def test_failing_leaves_come_first_in_the_order_of_the_verdicts():
    leaves = [leaf(verdict=v) for v in ("alive", "stuck", "waking", "disconnected")]
    sliced = leaf("sliced", slices=[Slice(0, (1,), "stuck", "")])
    verdicts = [x.verdict for x in worst_first([sliced, *leaves])]
    assert verdicts == ["disconnected", "stuck", "alive", "waking", "alive"]
    assert worst_first([leaves[0], sliced]) == [sliced, leaves[0]]


def test_verdicts_are_counted_worst_first():
    leaves = [leaf(verdict=v) for v in ("alive", "stuck", "alive")]
    assert list(verdict_counts(leaves).items()) == [("stuck", 1), ("alive", 2)]
