"""`alive`: the slices with a gradient at the data, and leaves without elements."""

import numpy as np

from checks.findings import Finding, SliceFinding
from checks.judges.alive import ALIVE, find_alive
from tests.checks.judges.small_evidence import evidence, measured, view


def test_alive_is_a_leaf_with_a_gradient_at_the_data():
    found = find_alive(
        evidence(
            [measured([[0.5, -2.0], [4.0, 0.0]])],
            {0: [view("data"), view("data", "data")], 1: [view("inputs"), view("inputs", "far")]},
        )
    )
    size = "largest |gradient| at the data 2.0e+00 in float64"
    assert found == {0: [Finding("alive", f"{size}; the largest of any leaf is 4.0e+00")]}


def test_a_leaf_with_a_gradient_in_another_branch_alone_is_not_alive():
    views = {0: [view("branch"), view("branch", "branch")]}
    assert find_alive(evidence([measured([[0.0, 0.0]])], views)) == {}


def test_a_live_slice_of_a_leaf_that_is_not_alive_is_named():
    found = find_alive(
        evidence([measured([[0.5, -2.0]])], {0: [view("params"), view("data", "params")]})
    )
    size = "largest |gradient| at the data 5.0e-01 in float64"
    text = f"{size}; the largest of any leaf is 2.0e+00"
    assert found == {0: [SliceFinding("alive", text, (), 0, (0,))]}


def test_a_reachable_leaf_without_elements_is_alive():
    data = [measured([np.ones(1), np.ones(1)])]
    found = find_alive(evidence(data, learning=[np.zeros((0, 3)), np.ones(1)]))
    assert found == {0: [Finding("alive", "it has no elements")]}


def test_alive_passes():
    assert (ALIVE.verdict, ALIVE.find) == ("alive", find_alive)
    assert ALIVE.passes and ALIVE.is_harmless_in_slices
