"""Where a gradient is lost on its way back from the loss to a leaf.

Results and operands of equations are probed in the float64 shadow, so the model is not edited.
That works inside scans (one number a step), remat and branches; inside custom rules nothing is
probed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.flow.probe import probed
from checks.program import jaxprs
from checks.program.leaves import Partition
from checks.program.places import find_module_path, find_place
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run, Site
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

_CONTROL = frozenset({"scan", "while", "cond", "shard_map"})


class Tapped(NamedTuple):
    """Cotangents at one equation, root mean squares with one entry a step of the scans around it.

    Attributes:
        seen: the equation in its context.
        arriving: of its results.
        leaving: for each operand, of what the equation gives back to it.
        is_zero: for each operand, whether its value is exactly zero throughout.
    """

    seen: Seen
    arriving: np.ndarray
    leaving: list[np.ndarray]
    is_zero: np.ndarray

    def reaches(self, leaf: int) -> bool:
        """Whether the leaf's tangent passes here."""
        return bool(self.seen.arriving >> leaf & 1)

    def factor(self, leaf: int) -> float:
        """What of the cotangent passes on towards the leaf; 1 where none arrives."""
        arriving = _total(self.arriving)
        return _total(self.towards(leaf)) / arriving if arriving > 0 else 1.0

    def towards(self, leaf: int) -> np.ndarray:
        """The largest cotangent given to an operand that the leaf reaches."""
        tangents = self.seen.operands.tangent
        chosen = [x for x, bits in zip(self.leaving, tangents) if bits >> leaf & 1]
        return np.max(chosen, axis=0)

    @property
    def size(self) -> float:
        """Of the cotangent that arrives, over all steps."""
        return _total(self.arriving)

    @property
    def place(self) -> str:
        """`path:line primitive in module/path`."""
        site = self.seen.site
        return find_place(site.equation, site.enclosing)

    @property
    def module(self) -> str:
        """Module path, empty where the program has none."""
        site = self.seen.site
        return find_module_path([*site.enclosing, site.equation])


def tap(
    runner: Runner,
    dependence: Dependence,
    leaves: Sequence[int],
    point: Sequence[np.ndarray],
    args: Partition,
) -> list[Tapped]:
    """Cotangents at every equation on the way of one of these leaves, in program order."""
    chosen = sum(1 << i for i in leaves)
    program = runner.program
    sites = [
        seen
        for seen in walk(dependence, program.jaxpr, (1 << program.leaf_count) - 1)
        if _is_tapped(seen) and seen.arriving & chosen
    ]
    tapper = _Tapper()

    def measured(given: list[Any]) -> Any:
        tokens: Feeds = {seen.site.path: _tokens(seen) for seen in sites}

        def loss(tokens: Feeds) -> Run:
            results, notes = tapper.run(program.jaxpr, given, tokens)
            return results[0], notes

        return jax.grad(loss, has_aux=True)(tokens)

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point)], widen_args(args))
        sizes, notes = jax.jit(measured, compiler_options=QUICK)(inputs)
        sizes, notes = jax.tree.map(np.asarray, (sizes, notes))
    return [_tapped(seen, sizes[seen.site.path], notes[seen.site.path]) for seen in sites]


class _Tapper(Widener):
    """The shadow with probes, and a note of which operands are zero throughout."""

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The equation on probed operands."""
        if feed is not None:
            operands = list(map(_probed, operands, feed["operands"]))
        return super().compute(site, operands, feed)

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Probed results."""
        if feed is None:
            return results, {}
        zero = jnp.stack([_is_zero(x) for x in operands])
        return list(map(_probed, results, feed["results"])), {site.path: zero}


def _is_tapped(seen: Seen) -> bool:
    equation = seen.site.equation
    if equation.primitive.name in _CONTROL or jaxprs.find_callee(equation) is not None:
        return False
    lives = any(t and felt for t, felt in zip(seen.results.tangent, seen.felt))
    inside = any(e.primitive.name == "shard_map" for e in seen.site.enclosing)
    return lives and seen.repeats is not None and not inside


def _tokens(seen: Seen) -> dict[str, list[Any]]:
    """For each floating operand and result a token, one a step of the scans around them."""
    lead = seen.repeats or ()
    equation = seen.site.equation
    return {
        part: [jnp.zeros(lead, jnp.float64) if _is_real(x) else None for x in atoms]
        for part, atoms in (("operands", equation.invars), ("results", equation.outvars))
    }


def _tapped(seen: Seen, sizes: dict[str, list[Any]], zero: np.ndarray) -> Tapped:
    lead = seen.repeats or ()
    nothing = np.zeros(lead)
    results = [nothing if x is None else x for x in sizes["results"]]
    operands = [nothing if x is None else x for x in sizes["operands"]]
    is_zero = np.asarray(zero.reshape(-1, len(operands)).all(axis=0))
    return Tapped(seen, np.max(results, axis=0), operands, is_zero)


def _probed(value: Any, token: Any) -> Any:
    return value if token is None else probed(value, token)


def _is_real(atom: Any) -> bool:
    return jaxprs.is_differentiable(atom) and not jnp.issubdtype(
        atom.aval.dtype, jnp.complexfloating
    )


def _is_zero(value: Any) -> Any:
    return (value == 0).all() if jnp.issubdtype(value.dtype, jnp.inexact) else jnp.zeros((), bool)


def _total(sizes: np.ndarray) -> float:
    """Over all steps, scaled so that tiny numbers survive squaring."""
    top = float(np.max(sizes, initial=0.0))
    return top * float(np.sqrt(np.sum((sizes / top) ** 2))) if top > 0 else 0.0
