"""Measures the slices that have no gradient at the data.

For each slice, it measures after how many optimiser steps the slice gets a gradient, and how much
the loss changes when the slice is drawn anew.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from checks.measure.points import Point, Sampler
from checks.measure.readings import Reading, measure_point
from checks.measure.screening import is_flat
from checks.measure.survey import NOWHERE, LeafSurvey, Survey
from checks.measure.training import Training
from checks.program.runner import Runner, widen_array

# A change of the loss by less than this share of its own size is rounding.
NOTICED = 1e-10
# Factors by which a slice that is drawn anew is larger than it was.
_FACTORS = (1.0, 10.0)
MOST_POINTS = 4


class Response(NamedTuple):
    """What was measured of the slices of one leaf that have no gradient at the data.

    Attributes:
        steps: for each view (the whole leaf, then the slices of each axis) an array [slices]: the
            number of optimiser steps after which the slice has a gradient; 0 for never, and for
            slices that were not measured.
        changes: for each view and slice, the largest relative change of the loss when the slice is
            drawn anew, together with all slices of the same kind; NaN if it was not tried.
    """

    steps: list[np.ndarray]
    changes: list[np.ndarray]


def measure_responses(
    runner: Runner,
    sampler: Sampler,
    survey: Survey,
    training: Training,
    leaves: Sequence[int],
) -> dict[int, Response]:
    """Measures the responses of leaves, in their order, since the points are drawn in that order.

    Args:
        runner: the compiled program.
        sampler: draws the points.
        survey: where the leaves have a gradient.
        training: the optimiser's first steps.
        leaves: indices of the leaves; those without a finite gradient are left out.

    Returns:
        Leaf index -> response.
    """
    waking = _WakingSteps(runner, sampler, survey, training)
    flat = _find_flat_slices(runner, survey, leaves)
    found = {}
    for leaf in leaves:
        own = survey.leaves[leaf]
        if own is not None:
            known = flat.get(leaf) or [np.zeros(x.shape, bool) for x in own.seen]
            found[leaf] = _measure_response(runner, sampler, survey, waking, leaf, own, known)
    return found


def _find_flat_slices(
    runner: Runner, survey: Survey, leaves: Sequence[int]
) -> dict[int, list[np.ndarray]]:
    """Finds slices of rounding noise in two leaves or more that together do not change the loss.

    They need not be drawn anew one after the other: in a transformer these are the biases of the
    keys of every layer.

    Returns:
        Leaf index -> for each view booleans [slices]; empty if the loss changes.
    """
    noise = {}
    for leaf in leaves:
        if (own := survey.leaves[leaf]) is not None:
            pairs = zip(own.seen, own.is_zero)
            noise[leaf] = [(seen == NOWHERE) & ~zero for seen, zero in pairs]
    noise = {i: views for i, views in noise.items() if any(view.any() for view in views)}
    if len(noise) < 2:
        return {}
    points = _list_points(survey)
    is_all_flat = all(is_flat(runner, x, noise, factor) for x in points for factor in _FACTORS)
    return noise if is_all_flat else {}


def _list_points(survey: Survey) -> list[Point]:
    """Returns the points at which slices are drawn anew: the data and drawn parameters."""
    drawn = [m.point for m in survey.others if m.point.kind == "params"]
    return [survey.data[0].point, *drawn][:MOST_POINTS]


def find_stuck_slices(
    survey: Survey, responses: Mapping[int, Response]
) -> dict[int, list[np.ndarray]]:
    """Returns which slices have a gradient at other parameters alone, also after training.

    Args:
        survey: where the leaves have a gradient.
        responses: leaf index -> what was measured of its slices.

    Returns:
        Leaf index -> for each view booleans [slices]; leaves without such a slice are left out.
    """

    def choose(own: LeafSurvey, response: Response) -> list[np.ndarray]:
        pairs = zip(own.seen, response.steps)
        return [(seen == "params") & (steps == 0) for seen, steps in pairs]

    return _find_slices(survey, responses, choose)


def find_unread_slices(
    survey: Survey, responses: Mapping[int, Response]
) -> dict[int, list[np.ndarray]]:
    """Returns which slices have a zero gradient everywhere and do not change one bit of the loss.

    Args:
        survey: where the leaves have a gradient.
        responses: leaf index -> what was measured of its slices.

    Returns:
        Leaf index -> for each view booleans [slices]; leaves without such a slice are left out.
    """

    def choose(own: LeafSurvey, response: Response) -> list[np.ndarray]:
        parts = zip(own.seen, own.is_zero, response.changes)
        return [(seen == NOWHERE) & zero & (change == 0) for seen, zero, change in parts]

    return _find_slices(survey, responses, choose)


def _find_slices(
    survey: Survey,
    responses: Mapping[int, Response],
    choose: Callable[[LeafSurvey, Response], list[np.ndarray]],
) -> dict[int, list[np.ndarray]]:
    """Returns what `choose` selects of each leaf, for the leaves of which it selects a slice."""
    pairs = ((i, survey.leaves[i], response) for i, response in responses.items())
    found = {i: choose(own, response) for i, own, response in pairs if own is not None}
    return {i: views for i, views in found.items() if any(view.any() for view in views)}


def _measure_response(
    runner: Runner,
    sampler: Sampler,
    survey: Survey,
    waking: "_WakingSteps",
    leaf: int,
    own: LeafSurvey,
    flat: Sequence[np.ndarray],
) -> Response:
    steps, changes = [], []
    for view, seen in enumerate(own.seen):
        waits = (seen == "params").any()
        steps.append(waking.find(leaf)[view] if waits else np.zeros(seen.shape, int))
        mover = _Mover(runner, sampler, survey, leaf, view)
        changes.append(_measure_changes(mover, survey, seen, own.is_zero[view], flat[view]))
    return Response(steps, changes)


def _measure_changes(
    mover: "_Mover", survey: Survey, seen: np.ndarray, is_zero: np.ndarray, flat: np.ndarray
) -> np.ndarray:
    """Measures how the slices of one view change the loss.

    A slice with zero gradient at all points is not tried if other slices of the view have one at
    other inputs alone: then the drawn inputs may have missed this slice too.
    """
    changes = np.where(flat, 0.0, np.nan)
    data = [m.point for m in survey.data]
    if (branch := seen == "branch").any():
        changes[branch] = mover.measure_change(branch, data)
    missed = np.isin(seen, ("inputs", "far")) | (branch & (changes <= NOTICED))
    nowhere = (seen == NOWHERE) & ~flat
    tried = nowhere & ~is_zero if missed.any() else nowhere
    for group in (tried & is_zero, tried & ~is_zero):
        if group.any():
            changes[group] = mover.measure_change(group, _list_points(survey))
    return changes


class _Mover(NamedTuple):
    """Draws the slices of one view of a leaf anew."""

    runner: Runner
    sampler: Sampler
    survey: Survey
    leaf: int
    view: int

    def measure_change(self, group: np.ndarray, points: Sequence[Point]) -> float:
        """Measures the largest relative change of the loss if only these slices are drawn anew."""
        measured = [*self.survey.data, *self.survey.others]
        sizes = [abs(m.wide.loss) for m in measured if np.isfinite(m.wide.loss)]
        typical = float(np.median(sizes)) if sizes else 1.0
        changes = [0.0]
        for point in points:
            before = self.runner.compute_wide_loss(point.leaves, point.args)
            for factor in _FACTORS:
                mask = self._mask(point, group)
                moved = self.sampler.redraw_elements(point, self.leaf, mask, factor)
                after = self.runner.compute_wide_loss(moved.leaves, moved.args)
                scale = max(abs(before), typical) or 1.0
                if np.isfinite(after) and np.isfinite(before):
                    changes.append(abs(after - before) / scale)
        return max(changes)

    def _mask(self, point: Point, group: np.ndarray) -> np.ndarray:
        """Returns which elements are in these slices, in a shape that broadcasts to the leaf's."""
        shape = [1] * point.leaves[self.leaf].ndim
        if self.view > 0:
            shape[self.view - 1] = -1
        return group.reshape(shape)


class _WakingSteps:
    """Measures after how many steps slices get a gradient.

    Each checkpoint of the training is measured at most once.
    """

    def __init__(
        self, runner: Runner, sampler: Sampler, survey: Survey, training: Training
    ) -> None:
        self._runner, self._sampler = runner, sampler
        self._survey, self._training = survey, training
        self._measured: dict[int, list[list[Reading | None]]] = {}

    def find(self, leaf: int) -> list[np.ndarray]:
        """Returns for each view of a leaf after how many steps each slice has a gradient, or 0."""
        found: list[np.ndarray] | None = None
        for step in sorted(self._training.leaves):
            if step == 0:
                continue
            for readings in self._at(step):
                reading = readings[leaf]
                if reading is None:
                    continue
                steps = [np.where(alive, step, 0) for alive in reading.alive]
                found = steps if found is None else list(map(_earlier, found, steps))
            if found is not None and all((x > 0).all() for x in found):
                break
        return found if found is not None else self._never(leaf)

    def _at(self, step: int) -> Sequence[list[Reading | None]]:
        if step not in self._measured:
            leaves = [widen_array(x) for x in self._training.leaves[step]]
            self._measured[step] = [
                measure_point(self._runner, self._sampler, replace(m.point, leaves=leaves)).readings
                for m in self._survey.data
            ]
        return self._measured[step]

    def _never(self, leaf: int) -> list[np.ndarray]:
        reading = next(m.readings[leaf] for m in self._survey.data)
        return [np.zeros(size.shape, int) for size in reading.size] if reading else []


def _earlier(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.where(old > 0, old, new)
