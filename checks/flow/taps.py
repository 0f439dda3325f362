"""Measures the cotangents of each equation between the loss and some leaves.

Results and operands of equations are probed in the float64 shadow, so the model is not edited. This
works inside scans (one number for each step), remat and branches, but not inside custom rules.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.flow.probe import probe
from checks.program import jaxprs
from checks.program.leaves import Partition
from checks.program.places import find_module_path, find_place
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run, Site
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

# Primitives that are not measured themselves, but the equations inside them.
_CONTROL = frozenset({"scan", "while", "cond", "shard_map"})


class TappedEquation(NamedTuple):
    """The cotangents of one equation: root mean squares, with an axis for each scan around it.

    Attributes:
        seen: the equation in its context.
        arriving: root mean square of the cotangent of the result for which it is largest; a
            scalar array outside of scans.
        leaving: for each operand, root mean square of the cotangent that the equation passes back
            to it, in the same shape.
        is_zero: for each operand, whether all its elements are exactly zero in all steps.
    """

    seen: Seen
    arriving: np.ndarray
    leaving: list[np.ndarray]
    is_zero: np.ndarray

    def reaches(self, leaf: int) -> bool:
        """Returns whether the tangent of a leaf enters the equation.

        Args:
            leaf: the index of the leaf.
        """
        return bool(self.seen.arriving >> leaf & 1)

    def factor(self, leaf: int) -> float:
        """Returns the share of the cotangent that passes on towards a leaf; 1 if none arrives.

        Args:
            leaf: the index of the leaf.
        """
        arriving = _total(self.arriving)
        return _total(self.towards(leaf)) / arriving if arriving > 0 else 1.0

    def towards(self, leaf: int) -> np.ndarray:
        """Returns the largest cotangent of the operands that depend on a leaf, for each step.

        Args:
            leaf: the index of a leaf that the equation `reaches`; ValueError for others.
        """
        tangents = self.seen.operands.tangent
        sizes = [x for x, bits in zip(self.leaving, tangents) if bits >> leaf & 1]
        return np.max(sizes, axis=0)

    @property
    def size(self) -> float:
        """The Euclidean norm of `arriving` over all steps; `arriving` itself outside of scans."""
        return _total(self.arriving)

    @property
    def place(self) -> str:
        """The place of the equation: `path:line primitive in module/path`."""
        site = self.seen.site
        return find_place(site.equation, site.enclosing)

    @property
    def module(self) -> str:
        """The module path, empty where the program has none."""
        site = self.seen.site
        return find_module_path([*site.enclosing, site.equation])


def tap(
    runner: Runner,
    dependence: Dependence,
    leaves: Sequence[int],
    point: Sequence[np.ndarray],
    args: Partition,
) -> list[TappedEquation]:
    """Measures the cotangents of the equations between the loss and some leaves, in one run.

    Args:
        runner: runs the program.
        dependence: what depends on what in the program, by value and by tangent.
        leaves: positions of the leaves.
        point: values of all leaves that can learn.
        args: the loss's further arguments, split by `partition`.

    Returns:
        The equations in program order.
    """
    mask = sum(1 << i for i in leaves)
    program = runner.program
    sites = [
        seen
        for seen in walk(dependence, program.jaxpr, (1 << program.leaf_count) - 1)
        if _can_tap(seen) and seen.arriving & mask
    ]
    tapper = _Tapper()

    def compute_gradient(given: list[Any]) -> Any:
        tokens: Feeds = {seen.site.path: _make_tokens(seen) for seen in sites}

        def loss(tokens: Feeds) -> Run:
            results, notes = tapper.run(program.jaxpr, given, tokens)
            return results[0], notes

        return jax.grad(loss, has_aux=True)(tokens)

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point)], widen_args(args))
        sizes, notes = jax.jit(compute_gradient, compiler_options=QUICK)(inputs)
        sizes, notes = jax.tree.map(np.asarray, (sizes, notes))
    return [_assemble(seen, sizes[seen.site.path], notes[seen.site.path]) for seen in sites]


class _Tapper(Widener):
    """Runs the float64 shadow with probes, and notes which operands are zero."""

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Runs the equation on probed operands."""
        if feed is not None:
            operands = list(map(_probe_if, operands, feed["operands"]))
        return super().compute(site, operands, feed)

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Probes the results, and notes for each operand whether all elements are zero."""
        if feed is None:
            return results, {}
        zero = jnp.stack([_is_zero(x) for x in operands])
        return list(map(_probe_if, results, feed["results"])), {site.path: zero}


def _can_tap(seen: Seen) -> bool:
    equation = seen.site.equation
    if equation.primitive.name in _CONTROL or jaxprs.find_callee(equation) is not None:
        return False
    lives = any(t and felt for t, felt in zip(seen.results.tangent, seen.felt))
    inside = any(e.primitive.name == "shard_map" for e in seen.site.enclosing)
    return lives and seen.repeats is not None and not inside


def _make_tokens(seen: Seen) -> dict[str, list[Any]]:
    """Makes a token for each float operand and result, with an axis for each scan around them."""
    lead = seen.repeats or ()
    equation = seen.site.equation
    return {
        part: [jnp.zeros(lead, jnp.float64) if _is_real(x) else None for x in atoms]
        for part, atoms in (("operands", equation.invars), ("results", equation.outvars))
    }


def _assemble(seen: Seen, sizes: dict[str, list[Any]], zero: np.ndarray) -> TappedEquation:
    lead = seen.repeats or ()
    nothing = np.zeros(lead)
    results = [nothing if x is None else x for x in sizes["results"]]
    operands = [nothing if x is None else x for x in sizes["operands"]]
    is_zero = np.asarray(zero.reshape(-1, len(operands)).all(axis=0))
    return TappedEquation(seen, np.max(results, axis=0), operands, is_zero)


def _probe_if(value: Any, token: Any) -> Any:
    return value if token is None else probe(value, token)


def _is_real(atom: Any) -> bool:
    return jaxprs.is_differentiable(atom) and not jnp.issubdtype(
        atom.aval.dtype, jnp.complexfloating
    )


def _is_zero(value: Any) -> Any:
    return (value == 0).all() if jnp.issubdtype(value.dtype, jnp.inexact) else jnp.zeros((), bool)


def _total(sizes: np.ndarray) -> float:
    """Computes the norm over all steps, scaled so that squares do not underflow."""
    top = float(np.max(sizes, initial=0.0))
    return top * float(np.sqrt(np.sum((sizes / top) ** 2))) if top > 0 else 0.0
