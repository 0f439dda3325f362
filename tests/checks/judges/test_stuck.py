"""`stuck`: a gradient at other parameters, and none after the optimiser's steps."""

from dataclasses import replace

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.stuck import STUCK, find_stuck
from checks.measure.search import Search
from tests.checks.judges.small_evidence import Ends, evidence, measured, view

TEXT = (
    "measured: largest |gradient| at the data 0.0e+00 in float64; it has a gradient at other "
    "parameters, but none after 20 optimiser steps"
)


@pytest.mark.parametrize(
    "seen, steps, is_stuck",
    [("params", 0, True), ("params", 1, False), ("inputs", 0, False), ("nowhere", 0, False)],
)
def test_stuck_is_a_leaf_that_training_does_not_bring_back(seen, steps, is_stuck):
    views = {0: [view(seen, steps=steps), view(seen, seen, steps=steps)]}
    found = find_stuck(evidence([measured([[0.0, 0.0]])], views, tapped=[]))
    assert found == ({0: [Finding("stuck", TEXT)]} if is_stuck else {})


def test_slices_are_stuck_apart():
    views = {0: [view("data"), view("data", "params", "params", steps=[0, 0, 3])]}
    found = find_stuck(evidence([measured([[1.0, 0.0, 0.0]])], views, tapped=[]))
    assert found == {0: [SliceFinding("stuck", TEXT, (), 0, (1,))]}


def test_the_place_is_where_the_gradient_ends():
    data = [measured([[0.0], [0.0]], leaves=[np.zeros(1), np.ones(1)])]
    ends = Ends(1, 0.0, values=(1,), is_zero=(True,))
    (finding,) = find_stuck(evidence(data, {1: [view("params")]}, tapped=[ends]))[1]
    end = "its gradient ends at mul, where a factor is zero: a"
    assert finding == Finding("stuck", f"{TEXT}; {end}", ("p",))


def test_stuck_fails_in_leaves_and_slices():
    assert (STUCK.verdict, STUCK.find) == ("stuck", find_stuck)
    assert not STUCK.passes and not STUCK.is_harmless_in_slices


def test_the_inputs_that_were_tried_are_said_unless_none_can_change_it():
    views = {0: [view("data"), view("data", "params", "params")]}
    found = evidence([measured([[1.0, 0.0, 0.0]])], views, tapped=[])
    never = {0: [np.zeros(1, bool), np.array([False, True, False])]}
    search = Search([], never, {}, 46_080, 4)
    vars(found)["survey"] = replace(found.survey, search=search)
    tried = f"{TEXT}; with the given parameters, {search.describe()}"
    assert find_stuck(found) == {0: [SliceFinding("stuck", tried, (), 0, (1, 2))]}
    proved = Search([], {0: [never[0][0], np.array([False, True, True])]}, {}, 46_080, 4)
    vars(found)["survey"] = replace(found.survey, search=proved)
    assert find_stuck(found) == {0: [SliceFinding("stuck", TEXT, (), 0, (1, 2))]}
