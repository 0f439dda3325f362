"""The evidence that judges read: everything that was proved and measured of one program."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from checks.flow.taps import TappedEquation, tap
from checks.measure.chain import Chain, make_default_optimizer
from checks.measure.inert import find_inert
from checks.measure.longer import find_longer
from checks.measure.movement import Standstill, find_standstills
from checks.measure.nonfinite import GradientFlagger, NonFiniteFlags, find_first_failures
from checks.measure.points import Sampler
from checks.measure.readings import narrow_point
from checks.measure.response import (
    Response,
    find_stuck_slices,
    find_unread_slices,
    measure_responses,
)
from checks.measure.rule_values import RuleValueError, find_value_errors
from checks.measure.rules import RuleError, compare_rules, find_rule_calls
from checks.measure.solves import SolveError, compare_solves, find_solve_calls
from checks.measure.survey import LONGER, NOWHERE, Survey, add_search, mark_slices, take_survey
from checks.measure.training import Training, train
from checks.measure.vanished import LostGradient, find_lost_gradients
from checks.program.leaves import Partition
from checks.program.places import describe_rule
from checks.program.runner import Runner
from checks.program.trace import Program
from checks.proofs.proof import Proof


class View(NamedTuple):
    """What was measured of the slices of a leaf along one axis, or of the leaf as one slice.

    Attributes:
        seen: for each slice, the first kind of point at which it has a gradient, in the order
            `data`, `inputs`, `params`, `far`, `branch`; `nowhere` if there is none; `untried` in
            the place of `params` if too few inputs were tried, `longer` in the place of `nowhere`
            if longer data give it one. All five arrays have shape [slices].
        is_zero: whether its gradient is exactly zero at every point that is not remote.
        steps: number of optimiser steps after which it has a gradient; 0 for never.
        changes: largest relative change of the loss when the slice is drawn anew; NaN if not
            tried.
        is_inert: whether it changes the loss by changes of its sign alone, and not through a
            decision of the program such as a comparison.
    """

    seen: np.ndarray
    is_zero: np.ndarray
    steps: np.ndarray
    changes: np.ndarray
    is_inert: np.ndarray


class RuleErrors(NamedTuple):
    """Comparisons of custom derivative rules with their functions.

    Attributes:
        found: an error for each rule that differs from its function's derivative by more than a
            tolerance.
        values: an error for each rule that returns other values than its function.
        notes: sentences that say why rules could not be compared.
    """

    found: tuple[RuleError, ...] = ()
    values: tuple[RuleValueError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What was proved and measured of one program; judges read it and nothing else.

    The fields are measured before any judge is called, since the points of the measurements are
    drawn in a fixed order. The cached properties measure further at the first use; what they
    return depends on the fields alone.

    Attributes:
        proof: which leaves are reachable, and what cuts off the others.
        runner: the compiled program, which watches the reachable leaves.
        survey: gradients at the data and at other points.
        chain: the optimiser.
        training: the first steps of the optimiser.
        responses: by leaf, for the reachable leaves that have elements and whose gradient is
            finite: after how many steps slices get a gradient, and how they change the loss.
    """

    proof: Proof
    runner: Runner
    survey: Survey
    chain: Chain
    training: Training
    responses: dict[int, Response]

    @property
    def program(self) -> Program:
        """The program that was measured."""
        return self.runner.program

    @cached_property
    def alive(self) -> tuple[int, ...]:
        """The indices of the leaves with a finite gradient above rounding noise at the data."""
        return tuple(i for i in self.responses if self.views(i)[0].seen[0] == "data")

    def views(self, leaf: int) -> list[View]:
        """Returns the views of a leaf: what was measured of it and of its slices.

        View 0 has one slice, the whole leaf; then comes a view of the slices along each axis.

        Args:
            leaf: the index of a leaf in `responses`; a KeyError is raised for others.
        """
        own, response = self.survey.leaves[leaf], self.responses[leaf]
        columns = ((), ()) if own is None else (own.seen, own.is_zero)
        inert = self.inert.get(leaf) or [np.zeros(x.shape, bool) for x in response.changes]
        return list(map(View, *columns, *response, inert))

    @cached_property
    def lost_gradients(self) -> dict[int, LostGradient]:
        """The leaves whose gradient is zero everywhere because a constant vanishes, by index."""
        surveys = {i: own for i in self.responses if (own := self.survey.leaves[i]) is not None}
        leaves = [i for i, own in surveys.items() if own.seen[0] == NOWHERE and own.is_zero[0]]
        return find_lost_gradients(self.runner, leaves, self.survey.data[0].point)

    @cached_property
    def inert(self) -> dict[int, list[np.ndarray]]:
        """Leaf index -> for each view, which slices change the loss by changes of sign alone.

        Leaves of which no slice without a gradient changes the loss are left out.
        """
        return find_inert(self.runner, self.survey, self.responses)

    @cached_property
    def failures(self) -> dict[int, int]:
        """Leaf index -> first batch at which its gradient in the program's types is not finite."""
        return find_first_failures(self.runner.watched, [m.written for m in self.survey.data])

    @cached_property
    def _flagger(self) -> GradientFlagger:
        """Flags the gradient's equations at the data and in training with one compiled program."""
        return GradientFlagger(self.runner)

    @cached_property
    def flags(self) -> dict[int, NonFiniteFlags]:
        """Index of a batch -> the equations at which the loss or a gradient becomes NaN or Inf.

        Batches on which all are finite are left out.
        """
        bad_losses = {i for i, m in enumerate(self.survey.data) if not np.isfinite(m.written.loss)}
        return {
            i: self._flagger.flag(*narrow_point(self.runner, self.survey.data[i].point))
            for i in sorted(bad_losses | set(self.failures.values()))
        }

    @cached_property
    def training_failures(self) -> dict[int, tuple[int, bool]]:
        """The leaves that optimiser steps make non-finite.

        It maps a leaf index to the step, and to whether the leaf's gradient was not finite first.
        """
        return {
            i: failure
            for i, failure in self.training.non_finite.items()
            if i in self.runner.watched and i not in self.failures
        }

    @cached_property
    def training_flags(self) -> dict[int, NonFiniteFlags]:
        """Index of a batch -> the equations at which a gradient becomes NaN or Inf in training.

        It has the batches of the training steps before which a leaf's gradient was not finite.
        """
        data, training = self.survey.data, self.training
        steps = [step for step, by_slope in self.training_failures.values() if by_slope]
        leaves = training.before_failure or training.leaves[0]
        return {
            i: self._flagger.flag(leaves, narrow_point(self.runner, data[i].point)[1])
            for i in sorted({(step - 1) % len(data) for step in steps})
        }

    @cached_property
    def rule_errors(self) -> RuleErrors:
        """Custom rules that are not the derivative of their function.

        If the comparison raises, there are no errors and one note.
        """
        calls = find_rule_calls(self.proof.dependence, self.program.jaxpr, self.program.leaf_count)
        points = [m.point for m in self.survey.data]
        if not calls:
            return RuleErrors()
        try:
            found = compare_rules(self.runner, calls, points)
            values = find_value_errors(self.runner, calls, points)
        except Exception as error:  # rules of libraries that cannot be run apart from their program
            rules = ", ".join(dict.fromkeys(describe_rule(call.site.equation) for call in calls))
            text = f"not compared with their functions ({type(error).__name__}): {rules}"
            return RuleErrors(notes=(text,))
        return RuleErrors(tuple(one for one in found if one.counts), tuple(values))

    @cached_property
    def solve_errors(self) -> tuple[SolveError, ...]:
        """Calls of `custom_linear_solve` whose transposed solve contradicts the forward one."""
        calls = find_solve_calls(self.proof.dependence, self.program.jaxpr, self.program.leaf_count)
        points = [m.point for m in self.survey.data] if calls else []
        found = [compare_solves(self.runner, calls, p.leaves, p.args) for p in points]
        return tuple(error for errors in found for error in errors)

    @cached_property
    def tapped(self) -> list[TappedEquation]:
        """Cotangents at the equations that lead to leaves with a gradient only away from the data.

        They are measured at the first batch; the list is empty if there is no such leaf.
        """
        kinds = ("inputs", "params", "far", "branch")
        leaves = [i for i in self.responses if self.views(i)[0].seen[0] in kinds]
        point = self.survey.data[0].point
        if not leaves:
            return []
        return tap(self.runner, self.proof.dependence, leaves, point.leaves, point.args)

    @cached_property
    def standstills(self) -> dict[int, Standstill]:
        """Index of a leaf in `alive` that the optimiser hardly moves -> what it does with it."""
        return find_standstills(self.survey, self.chain, self.training, self.alive)


def gather_evidence(
    proof: Proof,
    runner: Runner,
    sampler: Sampler,
    datasets: Sequence[Partition],
    optimizer: Any,
    say: Callable[[str], None],
) -> Evidence:
    """Measures a program at the data and, while some slice has no gradient, at other points.

    Args:
        proof: what was proved of the program.
        runner: the compiled program.
        sampler: draws the points.
        datasets: the loss's further arguments, one for each batch; at least one.
        optimizer: an optax transformation; None for the default one.
        say: called as `say(stage)` with the name of each stage when it begins.
    """
    survey = take_survey(runner, sampler, proof.dependence, datasets, say)
    say("training steps")
    optimizer = optimizer or make_default_optimizer(survey.data[0].wide.leaves)
    chain = Chain(optimizer, runner.program.params)
    training = train(runner, chain, survey.data)
    say("leaves without a gradient at the data")
    failures = find_first_failures(runner.watched, [m.written for m in survey.data])
    leaves = [
        i
        for i in runner.watched
        if i not in failures and i not in training.non_finite
        if runner.program.params.learning[i].size
    ]
    responses = measure_responses(runner, sampler, survey, training, leaves)
    targets = find_stuck_slices(survey, responses)
    survey = add_search(runner, sampler, survey, targets, say)
    longer = find_longer(proof.program, find_unread_slices(survey, responses))
    survey = mark_slices(survey, longer, NOWHERE, LONGER)
    return Evidence(proof, runner, survey, chain, training, responses)
