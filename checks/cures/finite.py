"""Edits of equations that make a NaN or Inf: operands kept inside the domain, masks kept finite."""

from collections.abc import Callable, Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.cures.edits import Edit, Ward, spots
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import find_place


def finite_edits(ward: Ward) -> Iterable[Edit]:
    """Guards of the equations on the lines that a non-finite gradient was followed to."""
    patients = ward.ill_with("non_finite")
    if not patients:
        return
    sites = []
    for seen in ward.seen():
        equation = seen.site.equation
        line = find_place(equation, seen.site.enclosing).split()[0]
        bits = sum(1 << p.leaf for p in patients if line in _lines(p.where))
        if equation.primitive.name in _DOMAINS and seen.arriving & bits:
            sites.append((seen.site, seen.arriving & bits))
    for _, spot in spots(sites, ward):
        yield spot.edit("leave out what is outside the domain (where, before and after)", _left_out)
        yield spot.edit("keep the operand inside the domain", _kept_inside)
    if mask := _infinite(ward):
        leaves = tuple(p.leaf for p in patients)
        text = f"mask with a large finite number at {mask}"
        yield Edit("equation", text, leaves, lambda subject: subject.rewritten(_FiniteMasks()))


def _lines(where: Iterable[str]) -> set[str]:
    return {text.split()[0] for text in where}


def _margin(x: Any) -> Any:
    """Rounding of the largest element: what is nearer to the edge than that is outside."""
    sizes = jnp.where(jnp.isfinite(x), jnp.abs(lax.stop_gradient(x)), 0)
    return jnp.finfo(x.dtype).eps * jnp.where(sizes.max() > 0, sizes.max(), 1)


def _sign(x: Any) -> Any:
    return jnp.where(x < 0, -1, 1).astype(x.dtype)


def _inside_one(x: Any) -> Any:
    return jnp.abs(x) < 1 - jnp.finfo(x.dtype).eps


def _nearly_one(x: Any) -> Any:
    return _sign(x) * (1 - 2 * jnp.finfo(x.dtype).eps)


# For each primitive: which operand has the domain, whether elements are inside, what to use else.
_DOMAINS: dict[str, tuple[int, Callable[[Any], Any], Callable[[Any], Any]]] = {
    **dict.fromkeys(("log", "sqrt", "rsqrt", "pow"), (0, lambda x: x > _margin(x), _margin)),
    "log1p": (0, lambda x: x > _margin(x) - 1, lambda x: _margin(x) - 1),
    "integer_pow": (0, lambda x: jnp.abs(x) > _margin(x), lambda x: _sign(x) * _margin(x)),
    "div": (1, lambda x: jnp.abs(x) > _margin(x), lambda x: _sign(x) * _margin(x)),
    "exp": (0, lambda x: x < _top(x), lambda x: jnp.full_like(x, _top(x))),
    **dict.fromkeys(("acos", "asin", "atanh"), (0, _inside_one, _nearly_one)),
}


def _top(x: Any) -> Any:
    """A quarter of the largest exponent, so that what is computed with the result has room."""
    return float(np.log(float(jnp.finfo(x.dtype).max))) / 4


def _left_out(equation: Any, operands: list[Any]) -> list[Any]:
    """The double `where`: a harmless operand and a zero result for elements outside."""
    at, is_inside, _ = _DOMAINS[equation.primitive.name]
    inside = is_inside(operands[at])
    harmless = [jnp.where(inside, x, 0.5) if i == at else x for i, x in enumerate(operands)]
    return [jnp.where(inside, x, 0) for x in jaxprs.bind(equation, harmless)]


def _kept_inside(equation: Any, operands: list[Any]) -> list[Any]:
    at, is_inside, otherwise = _DOMAINS[equation.primitive.name]
    kept = jnp.where(is_inside(operands[at]), operands[at], otherwise(operands[at]))
    return jaxprs.bind(equation, [kept if i == at else x for i, x in enumerate(operands)])


class _FiniteMasks(Interpreter):
    """Runs a jaxpr with a tenth of the largest number in the place of infinite constants."""

    def constant(self, value: Any) -> Any:
        """A literal or constant without infinities."""
        if not _is_infinite(value):
            return value
        value = jnp.asarray(value)
        return jnp.clip(value, -jnp.finfo(value.dtype).max / 10, jnp.finfo(value.dtype).max / 10)


def _infinite(ward: Ward) -> str | None:
    """Place of the first equation with an infinite constant."""
    for seen in ward.seen():
        equation = seen.site.equation
        constants = [x.val for x in equation.invars if jaxprs.is_literal(x)]
        if any(map(_is_infinite, constants)):
            return find_place(equation, seen.site.enclosing)
    return None


def _is_infinite(value: Any) -> bool:
    dtype = jnp.result_type(value)
    return jnp.issubdtype(dtype, jnp.floating) and bool(np.isinf(np.asarray(value, float)).any())
