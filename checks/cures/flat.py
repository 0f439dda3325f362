"""Edits of equations that are flat at the data: hard limits made soft, small factors made one."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from checks.cures.edits import SMALL, Edit, Rewriter, Ward, spots
from checks.cures.surrogate import with_slope_of
from checks.cures.vitals import Patient
from checks.flow.taps import Tapped
from checks.judges.stuck import ends
from checks.program import jaxprs

_MOST_FACTORS = 4


def flat_edits(ward: Ward) -> Iterable[Edit]:
    """Where the gradient of a stuck or unvisited leaf ends at a hard limit."""
    patients = ward.ill_with("stuck", "unvisited")
    if not patients:
        return
    hard = [t for t in ward.tapped if _is_hard(t.seen.site.equation)]
    sites = [(t.seen.site, 1 << p.leaf) for p in patients for t in hard if _holds(t, p)]
    for _, spot in spots(sites, ward):
        yield spot.edit("make the hard limit soft", softened)
        yield spot.edit("let the derivative pass the hard limit", _passing)


def factor_edits(ward: Ward) -> Iterable[Edit]:
    """Constant factors that make a leaf's gradient vanish, scaled to size one."""
    patients = ward.ill_with("vanishing")
    if not patients:
        return
    for at in (0, 1):
        steep = [
            (t.factor(p.leaf), t.seen.site, 1 << p.leaf)
            for p in patients
            for t in ward.tapped
            if t.reaches(p.leaf) and _has_constant(t, at) and t.factor(p.leaf) < SMALL
        ]
        steep.sort(key=lambda one: one[0])
        for _, spot in spots([one[1:] for one in steep], ward)[:_MOST_FACTORS]:
            yield spot.edit("scale the constant factor to size one", partial(_of_size_one, at))


def softened(equation: Any, operands: list[Any]) -> list[Any]:
    """`max`, `min` and `clamp` with exponential corners one unit wide; inside rules too."""
    name = equation.primitive.name
    if name == "max":
        return [jnp.logaddexp(*operands)]
    if name == "min":
        return [-jnp.logaddexp(*(-x for x in operands))]
    if name == "clamp":
        low, x, high = operands
        return [low + jax.nn.softplus(x - low) - jax.nn.softplus(x - high)]
    if name in jaxprs.CUSTOM_RULES:
        return Rewriter(softened).run(jaxprs.get_custom_body(equation), operands)[0]
    return jaxprs.bind(equation, operands)


def _passing(equation: Any, operands: list[Any]) -> list[Any]:
    """The same values with the derivatives of all operands that were limited or chosen from."""
    name = equation.primitive.name
    if name in jaxprs.CUSTOM_RULES:
        return Rewriter(_passing).run(jaxprs.get_custom_body(equation), operands)[0]
    results = jaxprs.bind(equation, operands)
    if name not in _LIMITED:
        return results
    return [with_slope_of(results[0], sum(_LIMITED[name](operands)))]


_LIMITED = {
    "max": lambda operands: operands,
    "min": lambda operands: operands,
    "clamp": lambda operands: operands[1:2],
    "select_n": lambda operands: operands[1:],
}


def _is_hard(equation: Any) -> bool:
    """Whether it is a hard limit, or a custom rule around one such as `relu`'s."""
    if equation.primitive.name in jaxprs.CUSTOM_RULES:
        inside = jaxprs.open_jaxpr(jaxprs.get_custom_body(equation)).eqns
        return any(_is_hard(e) or _calls_hard(e) for e in inside)
    return equation.primitive.name in _LIMITED


def _calls_hard(equation: Any) -> bool:
    inner = jaxprs.find_callee(equation)
    return inner is not None and any(_is_hard(e) for e in jaxprs.open_jaxpr(inner).eqns)


def _holds(tapped: Tapped, patient: Patient) -> bool:
    """Whether the gradient ends there; that of a slice may, wherever its leaf passes.

    A selection counts where parameters decide it: what the data select is no limit.
    """
    operands = tapped.seen.operands
    if tapped.seen.site.equation.primitive.name == "select_n" and not operands.value[0]:
        return False
    if patient.view > 0:
        return tapped.reaches(patient.leaf)
    return bool(ends([tapped], patient.leaf))


def _has_constant(tapped: Tapped, at: int) -> bool:
    """Whether it is a product or quotient whose operand at this position no leaf enters."""
    equation, entering = tapped.seen.site.equation, tapped.seen.operands.value
    return equation.primitive.name in ("mul", "div") and not entering[at] and bool(entering[1 - at])


def _of_size_one(at: int, equation: Any, operands: list[Any]) -> list[Any]:
    factor = jnp.asarray(operands[at], equation.outvars[0].aval.dtype)
    size = jnp.abs(factor).max()
    scaled = factor / jnp.where(size == 0, 1, size)
    return jaxprs.bind(equation, [scaled if i == at else x for i, x in enumerate(operands)])
