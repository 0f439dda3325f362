"""Measures whether a failing leaf passes, in the same way as the measurement that it failed.

The same function measures the diagnosed loss and each edited copy, so the numbers before and after
an edit can be compared. The thresholds are those of `checks/measure`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.failing_leaf import FailingLeaf
from checks.measure.movement import moves_enough
from checks.measure.points import root_mean_square
from checks.measure.rounding import LOST, measure_rounding
from checks.measure.rule_values import find_value_errors
from checks.measure.rules import compare_rules, find_rule_calls
from checks.measure.strength import measure_strengths
from checks.measure.training import CHECKPOINTS
from checks.program.bits import has_leaf
from checks.program.runner import widen_array

# A leaf whose gradient is still zero after an edit is measured again after so many optimiser steps.
_LATER_STEPS = CHECKPOINTS[1]


class LeafMeasurement(NamedTuple):
    """What was measured of a failing leaf.

    Attributes:
        size: the root mean square of its gradient or update, or the relative error of its rule; NaN
            if it becomes NaN or Inf in training.
        passes: whether the leaf passes the test of its verdict here.
        steps: the number of optimiser steps after which it was measured; 0 for none.
    """

    size: float
    passes: bool
    steps: int = 0


def measure_leaf(loss: DiagnosedLoss, failing: FailingLeaf) -> tuple[str, LeafMeasurement]:
    """Measures a failing leaf.

    Args:
        loss: the diagnosed loss, or an edited copy of it.
        failing: the leaf or its slices.

    Returns:
        What is measured for its verdict (`gradient`, `update` or `error`), and the measurement.
    """
    name, take = _BY_VERDICT.get(failing.verdict, ("gradient", _measure_gradient))
    return name, take(loss, failing)


def find_leaves_with_gradient(loss: DiagnosedLoss) -> set[int]:
    """Returns the indices of the leaves whose gradient is above noise at the user's data.

    Args:
        loss: the diagnosed loss, or an edited copy of it.
    """
    readings = [reading for m in loss.measured for reading in enumerate(m.readings)]
    return {i for i, reading in readings if reading is not None and reading.alive[0][0]}


def _measure_gradient(loss: DiagnosedLoss, failing: FailingLeaf) -> LeafMeasurement:
    """Measures a gradient, which passes if it is above rounding noise.

    It is measured at the data and, if it does not pass there, after optimiser steps. A leaf that
    becomes NaN or Inf in these steps fails.
    """
    found = LeafMeasurement(*_measure_at_data(loss, failing))
    has_derivative = failing.leaf in loss.runner.watched
    if has_derivative and not found.passes and failing.verdict != "blocked":
        found = _measure_later(loss, failing)
    if found.passes and failing.leaf in loss.training.non_finite:
        steps, _ = loss.training.non_finite[failing.leaf]
        return LeafMeasurement(float("nan"), False, steps)
    return found


def _measure_at_data(loss: DiagnosedLoss, failing: FailingLeaf) -> tuple[float, bool]:
    sizes, is_alive = [0.0], False
    for measured in loss.measured:
        slope, written = (g.leaves[failing.leaf] for g in (measured.wide, measured.written))
        if slope is None or written is None:
            continue
        shown = slope if np.isfinite(widen_array(written)).all() else widen_array(written)
        sizes.append(root_mean_square(failing.select(shown)))
        reading = measured.readings[failing.leaf]
        if reading is not None and np.isfinite(shown).all():
            is_alive |= bool(reading.alive[failing.view][list(failing.indices)].all())
    return float(np.max(sizes)), is_alive


def _measure_later(loss: DiagnosedLoss, failing: FailingLeaf) -> LeafMeasurement:
    leaves = [widen_array(x) for x in loss.training.leaves[_LATER_STEPS]]
    point = replace(loss.points[0], leaves=leaves)
    later = replace(loss, points=(point,))
    return LeafMeasurement(*_measure_at_data(later, failing), steps=_LATER_STEPS)


def _measure_share(loss: DiagnosedLoss, failing: FailingLeaf) -> LeafMeasurement:
    """Measures a gradient; it passes if it does not vanish beside those of the other leaves."""
    size, is_alive = _measure_at_data(loss, failing)
    strengths = measure_strengths(loss.survey, sorted(find_leaves_with_gradient(loss)))
    is_weak = failing.leaf in strengths and strengths[failing.leaf].is_weak
    return LeafMeasurement(size, is_alive and not is_weak)


def _measure_update(loss: DiagnosedLoss, failing: FailingLeaf) -> LeafMeasurement:
    """Measures an update, which passes if it is downhill and not mostly rounding."""
    leaf, training = failing.leaf, loss.training
    path = [widen_array(training.leaves[step][leaf]) for step in sorted(training.leaves)]
    moves = [new - path[0] for new in path[1:]]
    size = root_mean_square(moves[-1]) / max(CHECKPOINTS)
    slope = loss.measured[0].wide.leaves[leaf]
    first = next((move for move in moves if move.any()), None)
    if slope is None or first is None or not np.isfinite(slope).all():
        return LeafMeasurement(size, False)
    is_downhill = float(np.sum(first * slope).real) < 0
    errors = measure_rounding(loss.runner, loss.survey, [leaf])
    is_lost = errors.get(leaf, 0.0) > LOST
    is_moved = moves_enough(loss.survey, leaf, training.moved[leaf])
    return LeafMeasurement(size, is_downhill and is_moved and not is_lost)


def _measure_error(loss: DiagnosedLoss, failing: FailingLeaf) -> LeafMeasurement:
    """Measures custom rules; the leaf passes if those it enters agree with differences.

    It fails too if a rule returns other values than its function and the leaf depends on them.
    """
    program = loss.program
    calls = find_rule_calls(loss.dependence, program.jaxpr, program.leaf_count)
    own = [call for call in calls if has_leaf(call.arriving, failing.leaf)]
    slopes = compare_rules(loss.runner, own, loss.points) if own else []
    values = find_value_errors(loss.runner, calls, loss.points)
    errors = [error for error in slopes if has_leaf(error.leaves, failing.leaf)]
    gaps = [error for error in values if has_leaf(error.leaves, failing.leaf)]
    is_right = not gaps and not any(error.counts for error in errors)
    has_gradient = _measure_at_data(loss, failing)[1]
    size = max((error.error for error in [*errors, *gaps]), default=0.0)
    return LeafMeasurement(size, is_right and has_gradient)


_BY_VERDICT: dict[str, tuple[str, Callable[[DiagnosedLoss, FailingLeaf], LeafMeasurement]]] = {
    "wrong": ("error", _measure_error),
    "vanishing": ("gradient", _measure_share),
    "underflow": ("update", _measure_update),
    "starved": ("update", _measure_update),
}
