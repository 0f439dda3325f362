"""Compares the parts of each `custom_linear_solve` with each other, where they are used.

The gradient through a solve depends on `transpose_solve` (or on `symmetric=True`), which JAX does
not check. Here it solves for a random right side g, and its answer must satisfy
`<answer, matvec(v)> = <g, v>` for a random v. A solve that is inexact forward may be as inexact
backward.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.rules import TOLERANCE
from checks.program.leaves import Partition
from checks.program.places import find_place, is_jax_function
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Run, Site, SitePath
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

# The transposed solve may be this many times less exact than the solve forward.
_LESS_EXACT = 10.0


class SolveError(NamedTuple):
    """A call whose `transpose_solve` does not solve the transposed system.

    Attributes:
        seen: the call in its context.
        error: relative error of the transposed solve.
    """

    seen: Seen
    error: float

    @property
    def leaves(self) -> int:
        """Bit set (bit i stands for input i) of the inputs whose tangent enters the call."""
        return self.seen.arriving

    @property
    def place(self) -> str:
        """Where the user's code calls the solve, such as `model.py:7 custom_linear_solve`."""
        return find_place(self.seen.site.equation, self.seen.site.enclosing)


def find_solve_calls(dependence: Dependence, jaxpr: Any, leaf_count: int) -> list[Seen]:
    """Finds the solves with a user's functions between the leaves and the loss.

    Args:
        dependence: what depends on what in the program, by value and by tangent.
        jaxpr: the program.
        leaf_count: number of leaves, which are its first inputs.
    """
    return [
        seen
        for seen in walk(dependence, jaxpr, (1 << leaf_count) - 1)
        if seen.site.equation.primitive.name == "custom_linear_solve"
        and seen.arriving
        and any(seen.live)
        and not is_jax_function(seen.site.equation.params["jaxprs"].matvec)
    ]


def compare_solves(
    runner: Runner, calls: Sequence[Seen], leaves: Sequence[np.ndarray], args: Partition
) -> list[SolveError]:
    """Finds the calls whose transposed solve contradicts their `matvec` at one point.

    Args:
        runner: the compiled program.
        calls: the calls, from `find_solve_calls`.
        leaves: the values of all leaves that can learn.
        args: the loss's further arguments, split by `partition`.
    """
    comparer = _SolveComparer({seen.site.path: seen.site.equation for seen in calls})
    with jax.enable_x64(True):
        inputs = runner.program.list_inputs([*map(widen_array, leaves)], widen_args(args))
        program = runner.program.jaxpr
        ask = jax.jit(lambda given: comparer.run(program, given)[1], compiler_options=QUICK)
        answers = jax.tree.map(np.asarray, ask(inputs))
    found = []
    for seen in calls:
        errors = answers.get(seen.site.path, np.zeros(2)).reshape(-1, 2).max(0)
        if errors[1] > max(TOLERANCE, _LESS_EXACT * errors[0]):
            found.append(SolveError(seen, float(errors[1])))
    return found


class _SolveComparer(Widener):
    """Runs the float64 program, and notes the relative errors of solves, forward and transposed.

    Bodies of rules and of solves have paths that may equal those of other equations, so the
    equations are compared too.
    """

    def __init__(self, solves: dict[SitePath, Any]) -> None:
        super().__init__()
        self._solves = solves

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results unchanged, and notes the two errors of a chosen solve."""
        del feed
        if self._solves.get(site.path) is not site.equation:
            return results, {}
        calls, right = self.split_solve(site, operands)
        if calls["transpose_solve"] is None:
            return results, {}
        keys = jax.random.split(jax.random.key(0), 2)
        given, probe = ([_draw(key, x) for x in right] for key in keys)
        forward = _product(calls["matvec"](calls["solve"](given)), probe)
        back = _product(calls["transpose_solve"](given), calls["matvec"](probe))
        true, size = _product(given, probe), _size(given) * _size(probe)
        return results, {site.path: jnp.abs(jnp.stack([forward, back]) - true) / size}


def _draw(key: Any, like: Any) -> Any:
    return jax.random.normal(key, like.shape, like.dtype)


def _product(one: Sequence[Any], two: Sequence[Any]) -> Any:
    return jnp.sum(jnp.stack([jnp.sum(x * y) for x, y in zip(one, two)]))


def _size(parts: Sequence[Any]) -> Any:
    """Returns the norm of x over the fourth root of n, its share in the typical size of <x, y>."""
    count = sum(x.size for x in parts)
    squares = [jnp.sum(jnp.abs(x) ** 2) for x in parts]
    return jnp.sqrt(jnp.sum(jnp.stack(squares))) / count**0.25
