"""Computes gradients for branches that no sampled input takes.

Either the derivatives of the untaken branches are added to those of the branch taken, or every
`cond` and `select_n` that depends on the data takes the next branch.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.measure.points import Point
from checks.program.runner import QUICK, Gradient, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run, Site, SitePath
from checks.program.trace import Program
from checks.proofs.context import walk
from checks.proofs.dependence import Dependence


def find_choices(program: Program, dependence: Dependence) -> set[SitePath]:
    """Returns the paths of the `select_n` and `cond` equations whose choice depends on the data.

    Args:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.
    """
    first = program.leaf_count + len(program.params.fixed)
    count = len(program.args.learning) + len(program.args.fixed)
    mask = ((1 << count) - 1) << first
    return {
        seen.site.path
        for seen in walk(dependence, program.jaxpr, mask)
        if seen.site.equation.primitive.name in ("select_n", "cond") and seen.operands.value[0]
    }


def differentiate_every_branch(runner: Runner, paths: set[SitePath], point: Point) -> Gradient:
    """Computes the float64 gradient with the derivatives of all branches of these choices.

    The loss keeps its value; each choice gets the sum of the derivatives of its branches.

    Args:
        runner: the compiled program.
        paths: the paths of `cond` and `select_n` equations, from `find_choices`.
        point: parameters and inputs.
    """
    return _differentiate(runner, _EveryBranch(paths), point)


def differentiate_other_branch(runner: Runner, paths: set[SitePath], point: Point) -> Gradient:
    """Computes the float64 loss and gradient with the next branch of each of these choices.

    After the last branch comes the first.

    Args:
        runner: the compiled program.
        paths: the paths of `cond` and `select_n` equations, from `find_choices`.
        point: parameters and inputs.
    """
    return _differentiate(runner, _OtherBranch(paths), point)


def _differentiate(runner: Runner, opened: Widener, point: Point) -> Gradient:
    program = runner.program

    def loss(moved: dict[int, Any], inputs: list[Any]) -> Any:
        given = [moved.get(i, x) for i, x in enumerate(inputs)]
        return opened.run(program.jaxpr, given)[0][0]

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point.leaves)], widen_args(point.args))
        moved = {i: inputs[i] for i in runner.watched}
        value, slopes = jax.jit(jax.value_and_grad(loss), compiler_options=QUICK)(moved, inputs)
        leaves = [np.asarray(slopes[i]) if i in slopes else None for i in range(program.leaf_count)]
        return Gradient(float(value), leaves)


class _EveryBranch(Widener):
    """Runs the float64 program with the derivatives of all branches of some choices."""

    def __init__(self, paths: set[SitePath]) -> None:
        super().__init__()
        self._paths = paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes an equation; a chosen selection has the derivatives of all its cases."""
        results = super().compute(site, operands, feed)
        if site.path in self._paths and site.equation.primitive.name == "select_n":
            return [_add_slopes(results[0], operands[1:])]
        return results

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Runs a `cond` with the derivatives of all its branches."""
        results, notes = super().control(site, operands, feeds)
        if site.path not in self._paths:
            return results, notes
        branches = [
            self.run_inside(site, i, branch, operands[1:], {})[0]
            for i, branch in enumerate(site.equation.params["branches"])
        ]
        return [_add_slopes(x, list(xs)) for x, *xs in zip(results, *branches)], notes


class _OtherBranch(Widener):
    """Runs the float64 program with the next branch of some choices."""

    def __init__(self, paths: set[SitePath]) -> None:
        super().__init__()
        self._paths = paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes an equation; a chosen selection takes the next case."""
        if site.path in self._paths and site.equation.primitive.name == "select_n":
            operands = [_choose_next(operands[0], len(operands) - 1), *operands[1:]]
        return super().compute(site, operands, feed)

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Runs a `cond` that takes the next branch."""
        if site.path in self._paths:
            count = len(site.equation.params["branches"])
            operands = [_choose_next(operands[0], count), *operands[1:]]
        return super().control(site, operands, feeds)


def _choose_next(which: Any, count: int) -> Any:
    return ~which if which.dtype == jnp.bool_ else (which + 1) % count


def _add_slopes(value: Any, others: list[Any]) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    return value + sum(x - lax.stop_gradient(x) for x in others)
