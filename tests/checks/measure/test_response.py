"""Slices without a gradient: after how many steps they get one, and how they change the loss."""

from types import SimpleNamespace

import numpy as np
import pytest

from checks.measure import response as module
from checks.measure.points import Point
from checks.measure.response import (
    NOTICED,
    Response,
    find_stuck_slices,
    find_unread_slices,
    measure_responses,
)
from checks.measure.survey import NOWHERE, LeafSurvey, Survey
from checks.measure.training import Training

LEAF = np.zeros(3)


class _Sampler:
    """Moves elements to the factor, and notes what it is asked for."""

    def __init__(self):
        self.asked = []

    def redraw_elements(self, point, leaf, mask, factor):
        self.asked.append((point.kind, leaf, mask.tolist(), factor))
        leaves = [np.where(mask, factor, x) if i == leaf else x for i, x in enumerate(point.leaves)]
        return Point(point.kind, leaves, None)


def _runner(loss):
    return SimpleNamespace(compute_wide_loss=lambda leaves, args: float(loss(leaves[0])))


def _point(kind, loss=1.0):
    return SimpleNamespace(point=Point(kind, [LEAF], None), wide=SimpleNamespace(loss=loss))


def _measure(seen, loss, is_zero=True, others=(), data=1):
    seen = [np.array([seen[0]]), np.array(seen)]
    zero = [np.array([True]), np.broadcast_to(np.array(is_zero), len(seen[1]))]
    survey = Survey(
        [_point("data")] * data, [_point(k) for k in others], [LeafSurvey(seen, zero, 1)]
    )
    sampler = _Sampler()
    training = Training({0: [LEAF]}, [], [])
    found = measure_responses(_runner(loss), sampler, survey, training, [0])[0]
    return found, sampler.asked


def test_slices_with_a_gradient_are_not_tried():
    found, asked = _measure(["data"] * 3, np.sum)
    assert all(np.isnan(x).all() for x in found.changes) and asked == []
    assert [x.tolist() for x in found.steps] == [[0], [0, 0, 0]]


def test_a_leaf_without_a_survey_is_left_out():
    survey = Survey([_point("data")], [], [None])
    assert measure_responses(None, None, survey, Training({0: [LEAF]}, [], []), [0]) == {}


def test_the_largest_change_of_the_slices_alone_counts():
    found, asked = _measure(["data", NOWHERE, NOWHERE], lambda x: 2 + x[1] + 5 * x[0])
    assert np.isnan(found.changes[1][0]) and found.changes[1][1:].tolist() == [5.0, 5.0]
    mask = [False, True, True]
    assert asked == [("data", 0, mask, 1.0), ("data", 0, mask, 10.0)]


def test_slices_that_are_not_exactly_zero_are_tried_apart():
    is_zero = [True, True, False]
    found, _ = _measure(["data", NOWHERE, NOWHERE], lambda x: 10 + x[2], is_zero)
    assert found.changes[1][1:].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("missed", ["inputs", "far"])
def test_zero_slices_are_not_tried_where_inputs_miss_others(missed):
    is_zero = [True, True, False]
    found, _ = _measure([missed, NOWHERE, NOWHERE], lambda x: 10 + x[2], is_zero)
    assert np.isnan(found.changes[1][1]) and found.changes[1][2] == 1.0


@pytest.mark.parametrize("size, is_tried", [(0.0, False), (1.0, True)])
def test_a_branch_is_tried_at_all_data_and_counts_as_missed_where_nothing_changes(size, is_tried):
    found, asked = _measure(["branch", NOWHERE, "data"], lambda x: 1 + size * x[0], data=2)
    assert found.changes[1][0] == 10 * size
    assert [one[:3] for one in asked[4:8]] == [("data", 0, [True, False, False])] * 4
    assert np.isnan(found.changes[1][1]) is not is_tried


def test_what_is_nowhere_is_tried_at_the_data_and_three_other_parameters():
    others = ["inputs", "params", "params", "far", "params", "params"]
    _, asked = _measure(["data", NOWHERE, "data"], np.sum, others=others, data=2)
    assert [kind for kind, _, _, factor in asked if factor == 1.0] == ["data"] + ["params"] * 3


def test_changes_are_relative_to_the_typical_loss_and_skip_what_is_not_finite():
    loss = lambda x: np.nan if x[1] > 1 else 1e-3 * x[1]  # noqa: E731
    found, _ = _measure(["data", NOWHERE, "data"], loss)
    assert found.changes[1][1] == pytest.approx(1e-3)
    assert NOTICED == 1e-10


class _Readings:
    """Gradients of one leaf along the training: by step, which slices have one."""

    def __init__(self, monkeypatch, alive):
        self.asked = []

        def measure_point(runner, sampler, point):
            step = int(point.leaves[0][0])
            self.asked.append(step)
            if alive[step] is None:
                return SimpleNamespace(readings=[None])
            whole = np.array([any(alive[step])])
            reading = SimpleNamespace(alive=[whole, np.array(alive[step])], size=[whole, whole])
            return SimpleNamespace(readings=[reading])

        monkeypatch.setattr(module, "measure_point", measure_point)

    def steps(self, data=1):
        kept = {step: [np.full(3, float(step))] for step in (0, 1, 3, 8, 20)}
        seen = [np.array(["params"]), np.array(["params", "params", "data"])]
        leaf = LeafSurvey(seen, [np.ones(1, bool), np.ones(3, bool)], 1)
        reading = SimpleNamespace(size=[np.zeros(1), np.zeros(3)])
        batch = SimpleNamespace(point=Point("data", [LEAF], None), readings=[reading])
        survey = Survey([batch] * data, [], [leaf])
        found = measure_responses(None, None, survey, Training(kept, [], []), [0])[0]
        return [x.tolist() for x in found.steps]


def test_steps_are_those_after_which_each_slice_has_a_gradient(monkeypatch):
    found = _Readings(monkeypatch, {1: [0, 0, 1], 3: [1, 0, 0], 8: [0, 1, 1], 20: [1, 1, 1]})
    assert found.steps() == [[1], [3, 8, 1]] and found.asked == [1, 3, 8]


def test_what_never_has_one_has_zero_steps(monkeypatch):
    found = _Readings(monkeypatch, {step: [0, 0, 1] for step in (1, 3, 8, 20)})
    assert found.steps(data=2) == [[1], [0, 0, 1]] and found.asked == [1, 1, 3, 3, 8, 8, 20, 20]


def test_without_any_reading_nothing_wakes(monkeypatch):
    found = _Readings(monkeypatch, dict.fromkeys((1, 3, 8, 20), None))
    assert found.steps() == [[0], [0, 0, 0]]


def test_stuck_slices_have_a_gradient_at_other_parameters_and_none_in_training():
    seen = [np.array(["data"]), np.array(["data", "params", "params"])]
    leaf = LeafSurvey(seen, [np.ones(1, bool), np.ones(3, bool)], 1)
    steps, changes = [np.zeros(1, int), np.array([0, 0, 3])], [np.zeros(1), np.zeros(3)]
    survey = Survey([], [], [leaf, None, leaf])
    found = find_stuck_slices(survey, {0: Response(steps, changes), 2: Response(seen, changes)})
    assert [x.tolist() for x in found.pop(0)] == [[False], [False, True, False]]
    assert found == {}


def test_unread_slices_are_zero_everywhere_and_change_nothing():
    seen = [np.array(["data"]), np.array(["data", NOWHERE, NOWHERE, NOWHERE, "inputs"])]
    zero = [np.ones(1, bool), np.array([True, True, True, False, True])]
    changes = [np.zeros(1), np.array([0.0, 0.0, 1e-20, 0.0, np.nan])]
    survey = Survey([], [], [LeafSurvey(seen, zero, 1)])
    found = find_unread_slices(survey, {0: Response([], changes)})
    assert [x.tolist() for x in found[0]] == [[False], [False, True, False, False, False]]
