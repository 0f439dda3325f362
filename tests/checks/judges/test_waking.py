"""`waking`: no gradient at first, one after some of the optimiser's steps."""

import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.waking import WAKING, find_waking
from tests.checks.judges.small_evidence import Ends, evidence, measured, view

SIZE = "measured: largest |gradient| at the data 0.0e+00 in float64; it has a gradient after"


@pytest.mark.parametrize(
    "seen, steps, is_waking",
    [("params", 1, True), ("params", 0, False), ("inputs", 1, False), ("data", 1, False)],
)
def test_waking_is_a_leaf_that_training_brings_back(seen, steps, is_waking):
    views = {0: [view(seen, steps=steps), view(seen, seen, steps=steps)]}
    found = find_waking(evidence([measured([[0.0, 0.0]])], views, tapped=[]))
    text = f"{SIZE} 1 optimiser steps"
    assert found == ({0: [Finding("waking", text)]} if is_waking else {})


def test_slices_wake_apart_after_the_fewest_steps_of_any():
    views = {0: [view("data"), view("data", "params", "params", "params", steps=[1, 8, 3, 0])]}
    found = find_waking(evidence([measured([[1.0, 0.0, 0.0, 0.0]])], views, tapped=[]))
    assert found == {0: [SliceFinding("waking", f"{SIZE} 3 optimiser steps", (), 0, (1, 2))]}


def test_the_place_is_where_the_gradient_ends():
    ends = Ends(0, 0.0, values=(0,), is_zero=(False,))
    views = {0: [view("params", steps=1)]}
    (finding,) = find_waking(evidence([measured([[0.0]])], views, tapped=[ends]))[0]
    assert finding.where == ("p",) and finding.evidence.endswith("mul, which is flat there")


def test_waking_passes():
    assert (WAKING.verdict, WAKING.find) == ("waking", find_waking)
    assert WAKING.passes and WAKING.is_harmless_in_slices
