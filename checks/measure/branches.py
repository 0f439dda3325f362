"""Gradients as if each choice that the data make had gone another way.

For a leaf in a branch which no drawn input ever takes. Either the values stay those of the branch
taken and the derivatives of the others are added, or every choice is turned round.
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


def choices(program: Program, dependence: Dependence) -> set[SitePath]:
    """Paths of the `select_n` and `cond` equations whose choice depends on the arguments."""
    first = program.leaf_count + len(program.params.fixed)
    count = len(program.args.learning) + len(program.args.fixed)
    mask = ((1 << count) - 1) << first
    return {
        seen.site.path
        for seen in walk(dependence, program.jaxpr, mask)
        if seen.site.equation.primitive.name in ("select_n", "cond") and seen.operands.value[0]
    }


def every_branch(runner: Runner, paths: set[SitePath], point: Point) -> Gradient:
    """The float64 gradient with the derivatives of all branches of these choices."""
    return _gradient(runner, _Opened(paths), point)


def other_branch(runner: Runner, paths: set[SitePath], point: Point) -> Gradient:
    """The float64 gradient with each of these choices turned round."""
    return _gradient(runner, _Turned(paths), point)


def _gradient(runner: Runner, opened: Widener, point: Point) -> Gradient:
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


class _Opened(Widener):
    """The shadow with the chosen choices open to derivatives from all sides."""

    def __init__(self, paths: set[SitePath]) -> None:
        super().__init__()
        self._paths = paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """A selection with the derivatives of all its cases."""
        results = super().compute(site, operands, feed)
        if site.path in self._paths and site.equation.primitive.name == "select_n":
            return [_with_slopes(results[0], operands[1:])]
        return results

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """A `cond` with the derivatives of all its branches."""
        results, notes = super().control(site, operands, feeds)
        if site.path not in self._paths:
            return results, notes
        branches = [
            self.run_inside(site, i, branch, operands[1:], {})[0]
            for i, branch in enumerate(site.equation.params["branches"])
        ]
        return [_with_slopes(x, list(xs)) for x, *xs in zip(results, *branches)], notes


class _Turned(Widener):
    """The shadow with the chosen choices turned round: the next case instead of the one chosen."""

    def __init__(self, paths: set[SitePath]) -> None:
        super().__init__()
        self._paths = paths

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """A selection of the next case."""
        if site.path in self._paths and site.equation.primitive.name == "select_n":
            operands = [_next(operands[0], len(operands) - 1), *operands[1:]]
        return super().compute(site, operands, feed)

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """A `cond` that takes the next branch."""
        if site.path in self._paths:
            count = len(site.equation.params["branches"])
            operands = [_next(operands[0], count), *operands[1:]]
        return super().control(site, operands, feeds)


def _next(which: Any, count: int) -> Any:
    return ~which if which.dtype == jnp.bool_ else (which + 1) % count


def _with_slopes(value: Any, others: list[Any]) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    return value + sum(x - lax.stop_gradient(x) for x in others)
