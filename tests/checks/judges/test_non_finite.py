"""`non_finite`: gradients that are NaN or Inf, at the data or in training."""

from types import SimpleNamespace

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.non_finite import NON_FINITE, find_non_finite, find_problems
from checks.measure.training import Training
from tests.checks.judges.small_evidence import evidence, measured

UNKNOWN = "no equation makes it: it comes in with the parameters or the data"


class Flags:
    """A `NonFiniteFlags` that finds one origin for one leaf, or for the loss."""

    def __init__(self, position=None, name="log", place="m.py:1 log"):
        equation = SimpleNamespace(primitive=SimpleNamespace(name=name))
        site = SimpleNamespace(equation=equation)
        self._origin = SimpleNamespace(
            site=site, kind="NaN", step=None, is_backward=False, place=place
        )
        self._position = position

    def of_leaf(self, position):
        return [self._origin] if position == self._position else []

    def of_loss(self):
        return self.of_leaf(None)


def test_the_elements_are_counted_and_the_origin_is_named():
    slopes = [[1.0, 1.0], [1.0, 1.0]]
    data = [
        measured(slopes),
        measured([[1.0, 1.0], [np.nan, 1.0]], written=[np.ones(2), np.array([np.nan, np.inf])]),
    ]
    found = find_non_finite(evidence(data, watched=[1], flags={1: Flags(0)}))
    text = "measured: 2 of 2 elements are NaN or Inf; NaN is first made forward by log"
    assert found == {1: [Finding("non_finite", text, ("m.py:1 log",))]}


def test_a_gradient_that_float64_has_is_said_to_be_finite_there():
    data = [measured([[1.0, 1.0]], written=[np.float32([np.inf, 1.0])])]
    finding, _ = find_non_finite(evidence(data, flags={0: Flags()}))[0]
    start = "measured: 1 of 2 elements are NaN or Inf; in float64 all are finite; "
    assert finding == Finding("non_finite", start + UNKNOWN)


def test_slices_are_listed_along_the_axes_where_others_are_finite():
    written = np.ones((3, 2, 2), np.float32)
    written[1, :, 0], written[2, 0, 0] = np.nan, np.inf
    data = [measured([np.ones((3, 2, 2))], written=[written])]
    _, *parts = find_non_finite(evidence(data, flags={0: Flags()}))[0]
    text = "measured: NaN or Inf in these slices alone"
    assert parts == [
        SliceFinding("non_finite", text, axis=0, index=(1, 2)),
        SliceFinding("non_finite", text, axis=2, index=(0,)),
    ]


@pytest.mark.parametrize("batches", [1, 3])
def test_in_training_the_step_and_its_batch_are_named(batches):
    data = [measured([[1.0], [1.0]]) for _ in range(batches)]
    training = Training({0: [], 20: []}, [], [], {1: (5, True)})
    flags = {(5 - 1) % batches: Flags(1)}
    found = find_non_finite(evidence(data, training=training, training_flags=flags))
    text = (
        "measured: finite at first, not after 5 optimiser steps; NaN is first made forward by log"
    )
    assert found == {1: [Finding("non_finite", text, ("m.py:1 log",))]}


def test_the_optimiser_may_make_it_itself():
    training = Training({0: [], 20: []}, [], [], {0: (2, False)})
    found = find_non_finite(evidence([measured([[1.0]])], training=training, training_flags={}))
    text = (
        "measured: finite at first, not after 2 optimiser steps: the optimiser makes it out of a "
        "finite gradient"
    )
    assert found == {0: [Finding("non_finite", text, ("optimiser",))]}


def test_a_leaf_that_fails_at_the_data_is_not_judged_in_training():
    data = [measured([[np.nan]])]
    training = Training({0: [], 20: []}, [], [], {0: (1, True)})
    (findings,) = find_non_finite(
        evidence(data, training=training, flags={0: Flags()}, training_flags={})
    ).values()
    assert len(findings) == 1 and "elements are NaN" in findings[0].evidence


def test_every_batch_with_a_loss_that_is_not_finite_is_a_problem():
    data = [
        measured([[1.0]]),
        measured([[1.0]], written_loss=float("nan")),
        measured([[1.0]], written_loss=float("inf")),
    ]
    flags = {1: Flags(None), 2: Flags(9)}
    assert find_problems(evidence(data, flags=flags)) == [
        "the loss is nan on batch 1: NaN is first made forward by log (m.py:1 log)",
        f"the loss is inf on batch 2: {UNKNOWN}",
    ]


def test_non_finite_fails_in_leaves_and_slices():
    assert (NON_FINITE.verdict, NON_FINITE.find) == ("non_finite", find_non_finite)
    assert not NON_FINITE.passes and not NON_FINITE.is_harmless_in_slices
