"""`unvisited`: a gradient at other inputs, or in a branch that the data do not take."""

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.unvisited import UNVISITED, find_unvisited
from tests.checks.judges.small_evidence import Ends, evidence, measured, view

TEXT = (
    "measured: largest |gradient| at the data 0.0e+00 in float64; it has a gradient at other "
    "inputs with the same parameters"
)
LONG = (
    "measured: largest |gradient| at the data 0.0e+00 in float64; longer data of the same kind "
    "read the first of these slices"
)
FEW = (
    "measured: largest |gradient| at the data 0.0e+00 in float64; it has one at other parameters: "
    "too few to call it stuck"
)


@pytest.mark.parametrize(
    "seen, change, is_unvisited",
    [
        ("inputs", np.nan, True),
        ("far", np.nan, True),
        ("untried", np.nan, True),
        ("longer", 0.0, True),
        ("branch", 0.0, True),
        ("branch", 1e-10, True),
        ("branch", 2e-10, False),
        ("nowhere", np.nan, True),
        ("nowhere", 0.0, False),
        ("params", np.nan, False),
        ("data", np.nan, False),
    ],
)
def test_unvisited_is_a_leaf_that_other_inputs_use(seen, change, is_unvisited):
    views = {0: [view(seen, changes=change), view(seen, seen, changes=change)]}
    found = find_unvisited(evidence([measured([[0.0, 0.0]])], views, tapped=[]))
    text = {"untried": FEW, "longer": LONG}.get(seen, TEXT)
    assert found == ({0: [Finding("unvisited", text)]} if is_unvisited else {})


def test_slices_are_unvisited_apart():
    views = {0: [view("data"), view("data", "inputs", "params")]}
    found = find_unvisited(evidence([measured([[1.0, 0.0, 0.0]])], views, tapped=[]))
    assert found == {0: [SliceFinding("unvisited", TEXT, (), 0, (1,))]}


def test_the_place_is_where_the_gradient_ends():
    ends = Ends(0, 0.0, values=(0,), is_zero=(False,))
    data = [measured([[0.0]])]
    (finding,) = find_unvisited(evidence(data, {0: [view("inputs")]}, tapped=[ends]))[0]
    assert finding.where == ("p",) and finding.evidence.endswith("mul, which is flat there")


def test_unvisited_fails_as_a_leaf_alone():
    assert (UNVISITED.verdict, UNVISITED.find) == ("unvisited", find_unvisited)
    assert not UNVISITED.passes and UNVISITED.is_harmless_in_slices
