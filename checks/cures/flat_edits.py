"""Edits of equations that are flat at the data: softer limits, constant factors of size one."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from checks.cures.edits import SMALL, Edit, Rewriter, group_by_place
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.cures.straight_through import attach_derivative
from checks.flow.taps import TappedEquation
from checks.judges.ends import find_ends
from checks.program import jaxprs
from checks.program.bits import to_bits

# Edits for each operand position; the steepest losses come first.
_MOST_FACTORS = 4


def propose_limit_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes softer limits where the gradient of a stuck or unvisited leaf ends at a hard one.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("stuck", "unvisited")
    if not failing:
        return
    hard = [t for t in failures.tapped if _is_hard(t.seen.site.equation)]
    sites = [(t.seen.site, to_bits([f.leaf])) for f in failing for t in hard if _is_limit_of(t, f)]
    for group in group_by_place(sites, failures):
        yield group.replace("replace the hard limit by a soft one", soften)
        yield group.replace("let the derivative pass the hard limit", _pass_derivative)


def propose_factor_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes to scale constant factors that weaken a vanishing leaf's gradient to size one.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("vanishing")
    if not failing:
        return
    for at in (0, 1):
        steep = [
            (t.factor(f.leaf), t.seen.site, to_bits([f.leaf]))
            for f in failing
            for t in failures.tapped
            if t.reaches(f.leaf) and _has_constant(t, at) and t.factor(f.leaf) < SMALL
        ]
        steep.sort(key=lambda one: one[0])
        for group in group_by_place([one[1:] for one in steep], failures)[:_MOST_FACTORS]:
            yield group.replace("scale the constant factor to size one", partial(_normalize, at))


def soften(equation: Any, operands: list[Any]) -> list[Any]:
    """Computes `max`, `min` and `clamp` with exponential corners one unit wide.

    Those inside a custom rule such as `relu`'s are softened too; other equations stay as they are.

    Args:
        equation: a jaxpr equation.
        operands: one array for each operand.

    Returns:
        The list of its results.
    """
    name = equation.primitive.name
    if name == "max":
        return [jnp.logaddexp(*operands)]
    if name == "min":
        return [-jnp.logaddexp(*(-x for x in operands))]
    if name == "clamp":
        low, x, high = operands
        return [low + jax.nn.softplus(x - low) - jax.nn.softplus(x - high)]
    if name in jaxprs.CUSTOM_RULES:
        return Rewriter(soften).run(jaxprs.get_custom_body(equation), operands)[0]
    return jaxprs.bind(equation, operands)


def _pass_derivative(equation: Any, operands: list[Any]) -> list[Any]:
    """Computes the same values, with the derivatives of all operands that were limited."""
    name = equation.primitive.name
    if name in jaxprs.CUSTOM_RULES:
        return Rewriter(_pass_derivative).run(jaxprs.get_custom_body(equation), operands)[0]
    results = jaxprs.bind(equation, operands)
    if name not in _LIMITED:
        return results
    return [attach_derivative(results[0], sum(_LIMITED[name](operands)))]


# For each hard limit: its operands -> those that are limited, or that it selects from.
_LIMITED = {
    "max": lambda operands: operands,
    "min": lambda operands: operands,
    "clamp": lambda operands: operands[1:2],
    "select_n": lambda operands: operands[1:],
}


def _is_hard(equation: Any) -> bool:
    """Returns whether an equation is a hard limit, or a custom rule around one such as `relu`'s."""
    if equation.primitive.name in jaxprs.CUSTOM_RULES:
        inside = jaxprs.open_jaxpr(jaxprs.get_custom_body(equation)).eqns
        return any(_is_hard(e) or _calls_hard(e) for e in inside)
    return equation.primitive.name in _LIMITED


def _calls_hard(equation: Any) -> bool:
    inner = jaxprs.find_callee(equation)
    return inner is not None and any(_is_hard(e) for e in jaxprs.open_jaxpr(inner).eqns)


def _is_limit_of(tapped: TappedEquation, failing: FailingLeaf) -> bool:
    """Returns whether a hard limit ends the gradient of the failing leaf at this equation.

    If slices fail, the gradient may end wherever the leaf enters. A selection counts as a limit if
    parameters decide it, and not if the data do.
    """
    operands = tapped.seen.operands
    if tapped.seen.site.equation.primitive.name == "select_n" and not operands.value[0]:
        return False
    if failing.view > 0:
        return tapped.reaches(failing.leaf)
    return bool(find_ends([tapped], failing.leaf))


def _has_constant(tapped: TappedEquation, at: int) -> bool:
    """Returns whether this is a product or quotient whose operand `at` depends on no leaf."""
    equation, entering = tapped.seen.site.equation, tapped.seen.operands.value
    return equation.primitive.name in ("mul", "div") and not entering[at] and bool(entering[1 - at])


def _normalize(at: int, equation: Any, operands: list[Any]) -> list[Any]:
    """Computes the equation after dividing operand `at` by its largest magnitude."""
    factor = jnp.asarray(operands[at], equation.outvars[0].aval.dtype)
    size = jnp.abs(factor).max()
    scaled = factor / jnp.where(size == 0, 1, size)
    return jaxprs.bind(equation, [scaled if i == at else x for i, x in enumerate(operands)])
