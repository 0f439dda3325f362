"""Compares the values that custom rules return with those of their functions.

Under differentiation JAX takes the results of a call from its rule, not from its function. If they
differ, the gradient is taken at values that the loss does not have. Each call is compared in
float64, with the operands that it has in the program.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point
from checks.measure.rules import NARROW_ROUNDING, TOLERANCE, find_moved, is_narrow
from checks.program import jaxprs
from checks.program.bits import to_bits
from checks.program.places import describe_rule, find_place
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Run, Site
from checks.proofs.context import Seen


class RuleValueError(NamedTuple):
    """A call of a custom rule that returns other values than the rule's function.

    Attributes:
        seen: the call in its context.
        error: the norm of the difference over that of the values, the larger of each pair.
        leaves: bit set (bit i stands for input i) of the leaves whose tangent enters the call, and
            of those whose gradient is another one with the function's values.
    """

    seen: Seen
    error: float
    leaves: int

    @property
    def rule(self) -> str:
        """Name and place of the function that the rule belongs to, as `f (path:line)`."""
        return describe_rule(self.seen.site.equation)

    @property
    def place(self) -> str:
        """The place of the call: `path:line primitive of f (path:line) in module/path`."""
        return find_place(self.seen.site.equation, self.seen.site.enclosing)


def find_value_errors(
    runner: Runner, calls: Sequence[Seen], points: Sequence[Point]
) -> list[RuleValueError]:
    """Finds the calls whose rule returns other values than its function, in float64.

    Args:
        runner: the compiled program.
        calls: the calls, from `find_rule_calls`.
        points: parameters and data to compare at.

    Returns:
        An error for each such call and point.
    """
    comparer, program = _ValueComparer(calls), runner.program
    ask = jax.jit(lambda given: comparer.run(program.jaxpr, given)[1], compiler_options=QUICK)
    found = []
    for point in points:
        with jax.enable_x64(True):
            inputs = program.list_inputs([*map(widen_array, point.leaves)], widen_args(point.args))
            answers = jax.tree.map(np.asarray, ask(inputs))
        errors = [(seen, _read_error(answers.get(seen.site.path, np.zeros(2)))) for seen in calls]
        errors = [(seen, error) for seen, error in errors if error > _get_tolerance(seen)]
        others = _find_changed(runner, comparer, point) if errors else 0
        found += [RuleValueError(seen, error, seen.arriving | others) for seen, error in errors]
    return found


def _get_tolerance(seen: Seen) -> float:
    return NARROW_ROUNDING if is_narrow(seen) else TOLERANCE


def _read_error(squares: np.ndarray) -> float:
    """Returns the norm of the difference over that of the values, the larger of each pair."""
    difference, size = np.sqrt(squares.reshape(-1, 2).sum(0))
    return float(difference / size) if difference else 0.0


def _find_changed(runner: Runner, comparer: "_ValueComparer", point: Point) -> int:
    """Returns the bit set of the leaves whose gradient is another one with functions' values."""
    program, watched = runner.program, runner.watched
    plain = runner.compute_wide(point.leaves, point.args).leaves

    def loss(moved: list[Any], inputs: list[Any]) -> Any:
        given = dict(enumerate(inputs)) | dict(zip(watched, moved))
        return comparer.run(program.jaxpr, list(given.values()))[0][0]

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point.leaves)], widen_args(point.args))
        ask = jax.jit(jax.grad(loss), compiler_options=QUICK)
        slopes = map(np.asarray, ask([inputs[i] for i in watched], inputs))
    pairs = [(i, plain[i], slope) for i, slope in zip(watched, slopes)]
    return to_bits(i for i, one, two in pairs if one is not None and _is_changed(one, two))


def _is_changed(one: np.ndarray, two: np.ndarray) -> bool:
    return bool(np.linalg.norm(one - two) > TOLERANCE * np.linalg.norm(two))


class _ValueComparer(Widener):
    """Runs the float64 program with the functions' values and the rules' derivatives.

    It notes for each chosen call the squares of the difference of both values and of their size.
    Bodies of rules have paths that may equal those of other equations, so the equations are
    compared too.
    """

    def __init__(self, calls: Sequence[Seen]) -> None:
        super().__init__()
        self._calls = {seen.site.path: seen for seen in calls}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes an equation; a chosen call has the values of its function."""
        if not self._is_chosen(site):
            return super().compute(site, operands, feed)
        moved = find_moved(self._calls[site.path])

        @jax.custom_vjp
        def call(*given: Any) -> list[Any]:
            return Widener.compute(self, site, list(given), None)

        def backward(given: Any, cotangents: list[Any]) -> tuple[Any, ...]:
            function, values = self._move(site, given)
            seen = [g for g, x in zip(cotangents, site.equation.outvars) if _has_slope(x)]
            slopes = dict(zip(moved, jax.vjp(function, *values)[1](seen)))
            return tuple(slopes.get(i) for i in range(len(given)))

        call.defvjp(lambda *given: (call(*given), given), backward)
        results: Any = call(*operands)
        return list(results)

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results unchanged, and notes the two squares of a chosen call."""
        del feed
        if not self._is_chosen(site):
            return results, {}
        function, values = self._move(site, jaxprs.detach(operands))
        given = jax.vjp(function, *values)[0]
        own = [
            x for x, atom in zip(jaxprs.detach(results), site.equation.outvars) if _has_slope(atom)
        ]
        return results, {site.path: sum(map(_measure_squares, own, given))}

    def _is_chosen(self, site: Site) -> bool:
        seen = self._calls.get(site.path)
        return seen is not None and seen.site.equation is site.equation

    def _move(self, site: Site, operands: Sequence[Any]) -> tuple[Any, list[Any]]:
        """Returns the call as a function of the moved operands, and these."""
        moved = find_moved(self._calls[site.path])

        def function(*values: Any) -> list[Any]:
            given = dict(enumerate(operands)) | dict(zip(moved, values))
            results = Widener.compute(self, site, list(given.values()), None)
            return [x for x, atom in zip(results, site.equation.outvars) if _has_slope(atom)]

        return function, [operands[i] for i in moved]


def _has_slope(atom: Any) -> bool:
    return jaxprs.is_differentiable(atom)


def _measure_squares(own: Any, given: Any) -> Any:
    """Returns the squares of the difference and of the size, where both values are finite."""
    both = jnp.isfinite(own) & jnp.isfinite(given)
    own, given = jnp.where(both, own, 0), jnp.where(both, given, 0)
    sizes = jnp.abs(own - given), jnp.maximum(jnp.abs(own), jnp.abs(given))
    return jnp.stack([jnp.sum(size**2) for size in sizes])
