"""Edits of equations that make a NaN or Inf: they guard operands, or make infinite masks finite."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.cures.edits import Edit, group_by_place
from checks.cures.failures import Failures
from checks.program import jaxprs
from checks.program.bits import to_bits
from checks.program.interpret import Interpreter
from checks.program.places import find_place

# An operand that is inside the domain of every guarded primitive.
_HARMLESS = 0.5


def propose_domain_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes guards of the equations on the lines that made a NaN or Inf, and finite masks.

    Equations among data, whose NaN reaches a gradient as a factor, come last; only those that the
    failing leaves name are guarded.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("non_finite")
    if not failing:
        return
    sites, among_data = [], []
    for seen in failures.walk():
        equation = seen.site.equation
        place = find_place(equation, seen.site.enclosing)
        line = _get_line(place)
        leaves = to_bits(f.leaf for f in failing if line in map(_get_line, f.where))
        if equation.primitive.name in _DOMAINS and seen.arriving & leaves:
            sites.append((seen.site, seen.arriving & leaves))
        elif equation.primitive.name in _DOMAINS and not seen.arriving and any(seen.live):
            among_data.append((seen.site, to_bits(f.leaf for f in failing if place in f.where)))
    among_data = [(site, leaves) for site, leaves in among_data if leaves]
    for group in group_by_place([*sites, *among_data], failures):
        text = "exclude elements outside the domain (jnp.where before and after)"
        yield group.replace(text, _exclude_outside)
        yield group.replace("clip the operand to the domain", _clip_to_domain)
    if mask := _find_infinite_constant(failures):
        text = f"mask with a large finite number instead of infinity at {mask}"
        leaves = tuple(f.leaf for f in failing)
        yield Edit("equation", text, leaves, lambda loss: loss.rewrite(_FiniteMasks()))


def _get_line(place: str) -> str:
    return place.split()[0]


class _Domain(NamedTuple):
    """The operands for which a primitive is finite.

    Attributes:
        operand: the position of the operand that has the domain.
        is_inside: from the operand to booleans, one for each element.
        clip: from the operand to the nearest values inside.
    """

    operand: int
    is_inside: Callable[[Any], Any]
    clip: Callable[[Any], Any]


def _find_margin(x: Any) -> Any:
    """Returns the rounding error of the largest element.

    Values that are nearer to the edge than this count as outside.
    """
    sizes = jnp.where(jnp.isfinite(x), jnp.abs(lax.stop_gradient(x)), 0)
    return jnp.finfo(x.dtype).eps * jnp.where(sizes.max() > 0, sizes.max(), 1)


def _find_sign(x: Any) -> Any:
    return jnp.where(x < 0, -1, 1).astype(x.dtype)


def _is_inside_one(x: Any) -> Any:
    return jnp.abs(x) < 1 - jnp.finfo(x.dtype).eps


def _clip_to_one(x: Any) -> Any:
    return _find_sign(x) * (1 - 2 * jnp.finfo(x.dtype).eps)


def _find_top(x: Any) -> Any:
    """Returns a quarter of the largest exponent, so that products of the result are finite too."""
    return float(np.log(float(jnp.finfo(x.dtype).max))) / 4


_POSITIVE = _Domain(0, lambda x: x > _find_margin(x), _find_margin)
_INSIDE_ONE = _Domain(0, _is_inside_one, _clip_to_one)
_DOMAINS: dict[str, _Domain] = {
    **dict.fromkeys(("log", "sqrt", "rsqrt", "pow"), _POSITIVE),
    "log1p": _Domain(0, lambda x: x > _find_margin(x) - 1, lambda x: _find_margin(x) - 1),
    "integer_pow": _Domain(
        0, lambda x: jnp.abs(x) > _find_margin(x), lambda x: _find_sign(x) * _find_margin(x)
    ),
    "div": _Domain(
        1, lambda x: jnp.abs(x) > _find_margin(x), lambda x: _find_sign(x) * _find_margin(x)
    ),
    "exp": _Domain(0, lambda x: x < _find_top(x), lambda x: jnp.full_like(x, _find_top(x))),
    **dict.fromkeys(("acos", "asin", "atanh"), _INSIDE_ONE),
}


def _exclude_outside(equation: Any, operands: list[Any]) -> list[Any]:
    """Computes an equation by the double `where`: elements outside of its domain give zero.

    The operand gets a harmless value at these elements, so that the derivative is finite too.
    """
    domain = _DOMAINS[equation.primitive.name]
    inside = domain.is_inside(operands[domain.operand])
    harmless = [
        jnp.where(inside, x, _HARMLESS) if i == domain.operand else x
        for i, x in enumerate(operands)
    ]
    return [jnp.where(inside, x, 0) for x in jaxprs.bind(equation, harmless)]


def _clip_to_domain(equation: Any, operands: list[Any]) -> list[Any]:
    domain = _DOMAINS[equation.primitive.name]
    x = operands[domain.operand]
    clipped = jnp.where(domain.is_inside(x), x, domain.clip(x))
    return jaxprs.bind(
        equation, [clipped if i == domain.operand else x for i, x in enumerate(operands)]
    )


class _FiniteMasks(Interpreter):
    """Runs a jaxpr with a tenth of the largest number in place of infinite constants."""

    def constant(self, value: Any) -> Any:
        """Returns a literal or constant without infinities."""
        if not _is_infinite(value):
            return value
        value = jnp.asarray(value)
        return jnp.clip(value, -jnp.finfo(value.dtype).max / 10, jnp.finfo(value.dtype).max / 10)


def _find_infinite_constant(failures: Failures) -> str | None:
    """Returns the place of the first equation with an infinite constant."""
    for seen in failures.walk():
        equation = seen.site.equation
        constants = [x.val for x in equation.invars if jaxprs.is_literal(x)]
        if any(map(_is_infinite, constants)):
            return find_place(equation, seen.site.enclosing)
    return None


def _is_infinite(value: Any) -> bool:
    dtype = jnp.result_type(value)
    return jnp.issubdtype(dtype, jnp.floating) and bool(np.isinf(np.asarray(value, float)).any())
