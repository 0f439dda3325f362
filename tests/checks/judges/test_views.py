"""Findings about leaves or slices from where they have a gradient."""

import numpy as np

from checks.findings import Finding, SliceFinding
from checks.judges.views import (
    count_points,
    describe_size,
    find_in_views,
    find_largest_gradient,
    find_strongest_gradient,
)
from tests.checks.judges.small_evidence import POINTS, evidence, measured, view


def _find(views, *batches):
    data = batches or [measured([np.ones((2, 3))])]
    return find_in_views(
        evidence(data, {0: views}),
        "named",
        lambda views: [one.seen == "x" for one in views],
        lambda _, leaf, view, chosen: f"{leaf} {view} {chosen.tolist()}",
    )


def test_a_selected_leaf_has_one_finding_and_no_slices():
    found = _find([view("x"), view("x", "x"), view("x", "y", "x")])
    assert found == {0: [Finding("named", "0 0 [True]")]}


def test_each_leaf_is_looked_at():
    views = [view("x"), view("x", "x")]
    data = [measured([np.ones(2), np.ones(2)])]
    found = find_in_views(
        evidence(data, {0: views, 1: views}),
        "named",
        lambda views: [one.seen == "x" for one in views],
        lambda _, leaf, view, chosen: f"{leaf}",
    )
    assert found == {leaf: [Finding("named", str(leaf))] for leaf in (0, 1)}


def test_the_slices_of_a_leaf_that_is_not_selected_are_found_by_axis():
    found = _find([view("y"), view("y", "x"), view("x", "y", "x")])
    assert found == {
        0: [
            SliceFinding("named", "0 1 [False, True]", (), 0, (1,)),
            SliceFinding("named", "0 2 [True, False, True]", (), 1, (0, 2)),
        ]
    }


def test_the_only_slice_of_an_axis_is_the_leaf_and_is_not_named():
    assert _find([view("y"), view("x"), view("y", "y")]) == {}


def test_the_size_is_the_largest_of_the_chosen_slices_over_the_batches():
    batches = [measured([[[1.0, -2.0], [5.0, 0.0]]]), measured([[[1.0, 3.0], [0.0, 0.0]]])]
    found = evidence(batches, {0: [view("data")]})
    chosen = np.array([True, False])
    assert find_largest_gradient(found, 0, 1, chosen) == 3.0
    assert find_largest_gradient(found, 0, 0, np.array([True])) == 5.0
    text = "largest |gradient| at the data 3.0e+00 in float64"
    assert describe_size(found, 0, 1, chosen) == text


def test_the_size_of_nothing_is_zero():
    found = evidence([measured([None, [1.0]])], {})
    assert find_largest_gradient(found, 0, 0, np.array([True])) == 0.0
    assert find_largest_gradient(found, 1, 1, np.array([False])) == 0.0


def test_the_strongest_gradient_is_of_any_leaf_at_the_first_batch():
    batches = [measured([[1.0], [-2.0], None]), measured([[9.0], [9.0], None])]
    assert find_strongest_gradient(evidence(batches)) == 2.0


def test_points_are_counted_for_each_leaf():
    found = evidence([measured([[1.0], [1.0]])], {1: [view("data")]})
    assert [count_points(found, leaf) for leaf in range(2)] == [0, POINTS]
