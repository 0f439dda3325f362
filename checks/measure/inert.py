"""Finds slices that change the loss only where an element changes its sign.

A scale in front of an exact normalisation is the usual case: it cancels, except for its sign. No
gradient leads to such a slice although no equation cuts it off. A slice that only a step function
such as `round` or a comparison reads is another case, and is told from it: with the decisions of
the program kept, such a slice does not change the loss at all. Numbers are added to what selections
return, since a loss of squares would not notice that all signs behind them change together.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from checks.measure.decisions import DecisionRecorder, is_decision
from checks.measure.points import Point
from checks.measure.response import MOST_POINTS, NOTICED, Response
from checks.measure.survey import NOWHERE, Survey
from checks.program.interpret import Interpreter
from checks.program.jaxprs import is_differentiable
from checks.program.runner import QUICK, Runner, widen_args
from checks.program.sites import Feeds, Run, Site

# Elements are multiplied by factors between exp(-2) and exp(2).
_LOG_FACTOR = 2.0


def find_inert(
    runner: Runner, survey: Survey, responses: Mapping[int, Response]
) -> dict[int, list[np.ndarray]]:
    """Finds slices without a gradient that change the loss by a change of sign alone.

    Args:
        runner: the compiled program.
        survey: where the leaves have a gradient.
        responses: by leaf, how its slices change the loss.

    Returns:
        Leaf index -> for each view of the leaf booleans [slices]. Leaves of which no slice without
        a gradient changes the loss are left out.
    """
    points = [survey.data[0].point, *(m.point for m in survey.others if m.point.kind == "params")]
    mover = _SignMover(runner, points[:MOST_POINTS], np.random.default_rng(0))
    found = {}
    for leaf, response in responses.items():
        own = survey.leaves[leaf]
        if own is None:
            continue
        views = list(zip(own.seen, response.changes))
        groups = [(seen == NOWHERE) & (changes > NOTICED) for seen, changes in views]
        if any(group.any() for group in groups):
            found[leaf] = [
                group & (group.any() and mover.is_inert(leaf, view, group))
                for view, group in enumerate(groups)
            ]
    return found


class _SignMover(NamedTuple):
    """Changes the elements of slices with their signs kept, and with their signs changed."""

    runner: Runner
    points: Sequence[Point]
    random: np.random.Generator

    def is_inert(self, leaf: int, view: int, group: np.ndarray) -> bool:
        """Returns whether these slices change the loss by a change of sign alone."""
        if any(self._changes_with_signs(point, leaf, view, group) for point in self.points):
            return False
        return any(self._changes_with_decisions(point, leaf, view, group) for point in self.points)

    def _changes_with_signs(self, point: Point, leaf: int, view: int, group: np.ndarray) -> bool:
        """Returns whether the loss changes although every element keeps its sign."""
        moved = self._scale(point, leaf, view, group, 1.0)
        losses = [self.runner.compute_wide_loss(x, point.args) for x in (point.leaves, moved)]
        return _is_noticed(*losses)

    def _changes_with_decisions(
        self, point: Point, leaf: int, view: int, group: np.ndarray
    ) -> bool:
        """Returns whether changes of sign change the loss, with all decisions as they were."""
        moved = self._scale(point, leaf, view, group, -1.0)
        program, closed = self.runner.program, self.runner.shadow
        args = widen_args(point.args)
        with jax.enable_x64(True):
            inputs = [program.list_inputs(x, args) for x in (point.leaves, moved)]
            (before, *_), decisions = _run(_Recorder(), closed, inputs[0], {})
            (after, *_), _ = _run(_Keeper(), closed, inputs[1], decisions)
        return _is_noticed(float(before), float(after))

    def _scale(
        self, point: Point, leaf: int, view: int, group: np.ndarray, sign: float
    ) -> list[np.ndarray]:
        """Returns the leaves with the elements of the slices multiplied by random factors."""
        value = point.leaves[leaf]
        shape = [1] * value.ndim
        if view > 0:
            shape[view - 1] = -1
        logs = self.random.uniform(-_LOG_FACTOR, _LOG_FACTOR, value.shape)
        scaled = np.where(group.reshape(shape), sign * np.exp(logs) * value, value)
        return [scaled if i == leaf else x for i, x in enumerate(point.leaves)]


class _Recorder(DecisionRecorder):
    """Notes the decisions of a program."""

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results, those of selections with numbers added, and notes the decisions."""
        results, notes = super().after(site, operands, results, feed)
        return _add_numbers(site, results), notes


class _Keeper(Interpreter):
    """Runs a program with the decisions that are fed to it in the place of its own."""

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results with the decisions among them replaced."""
        del operands
        if feed is not None:
            kept = list(feed)
            results = [kept.pop(0) if is_decision(site, x) else x for x in results]
        return _add_numbers(site, results), {}


def _add_numbers(site: Site, results: list[Any]) -> list[Any]:
    """Adds the same random numbers in every run to the floats that a selection returns."""
    if site.equation.primitive.name != "select_n" or not is_differentiable(
        site.equation.outvars[0]
    ):
        return results
    key = jax.random.key(0)
    return [x + jax.random.normal(key, x.shape, x.dtype) for x in results]


def _run(interpreter: Interpreter, closed: Any, inputs: list[Any], feeds: Feeds) -> Run:
    run = jax.jit(
        lambda given, fed: interpreter.run(closed, given, dict(zip(feeds, fed))),
        compiler_options=QUICK,
    )
    results, notes = run(inputs, [*feeds.values()])
    return results, notes


def _is_noticed(before: float, after: float) -> bool:
    """Returns whether two losses differ by more than rounding; those that are not finite do."""
    return not abs(after - before) <= NOTICED * abs(before)
