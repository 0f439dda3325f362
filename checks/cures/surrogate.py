"""Straight-through estimates: results as they are, with the derivative of something smooth.

A result that is a float (of `round`, `sign`) takes the derivative of its operand. A result that is
an integer or a boolean cannot carry one; the smooth *companion* of it is carried along, beside the
program, through reshapes and logic, to the equation that makes floats of it again: a cast, a
selection, a comparison with a range (one-hot), an indexing.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from checks.program.interpret import Interpreter
from checks.program.jax_internals import get_bind_params
from checks.program.sites import Site, SitePath

ROUNDING = frozenset({"round", "floor", "ceil", "sign"})
_COMPARISONS = {"gt": 1.0, "ge": 1.0, "lt": -1.0, "le": -1.0}
_RESHAPING = frozenset(
    {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "slice", "rev", "copy"}
)
SURROGATES = ROUNDING | frozenset(_COMPARISONS) | {"convert_element_type", "argmax", "argmin"}


class _Companion(NamedTuple):
    """What an integer or boolean stands for.

    Attributes:
        smooth: floats: of the same shape; for a choice the weights of all indices, along one
            more, last axis.
        is_choice: whether it is the index of a largest or smallest element.
    """

    smooth: Any
    is_choice: bool = False


class StraightThrough(Interpreter):
    """Runs a jaxpr with straight-through estimates of the equations at some paths."""

    def __init__(self, paths: set[SitePath]) -> None:
        self._paths = paths
        self._known: dict[int, tuple[Any, _Companion]] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The equation's own results; floats among them with the derivative of a companion."""
        results = super().compute(site, operands, feed)
        equation = site.equation
        if site.path in self._paths:
            made = _started(equation, operands)
        else:
            companions = [self._known.get(id(x), (None, None))[1] for x in operands]
            if not any(companions):
                return results
            made = _carried(equation, operands, companions, results[0])
        if made is None:
            return results
        if jnp.issubdtype(results[0].dtype, jnp.inexact):
            return [with_slope_of(results[0], made.smooth), *results[1:]]
        self._known[id(results[0])] = (results[0], made)  # kept, so that its id stays its own
        return results


def with_slope_of(value: Any, smooth: Any) -> Any:
    """The value, exactly, with the derivative of another of its shape."""
    smooth = jnp.broadcast_to(smooth, value.shape).astype(value.dtype)
    return lax.stop_gradient(value) + (smooth - lax.stop_gradient(smooth))


def _started(equation: Any, operands: list[Any]) -> _Companion:
    name = equation.primitive.name
    if name in _COMPARISONS:
        return _Companion(_COMPARISONS[name] * (operands[0] - operands[1]))
    if name in ("argmax", "argmin"):
        (axis,) = equation.params["axes"]
        scores = operands[0] if name == "argmax" else -operands[0]
        return _Companion(jax.nn.softmax(jnp.moveaxis(scores, axis, -1)), is_choice=True)
    return _Companion(operands[0])


def _carried(
    equation: Any, operands: list[Any], companions: list[_Companion | None], result: Any
) -> _Companion | None:
    """The companion of the result, or None where it has none."""
    name = equation.primitive.name
    first = next(c for c in companions if c)
    if name == "gather" and companions[1]:
        return _Companion(_indexed(equation, operands, companions[1], result))
    if first.is_choice:
        if name in ("eq", "ne"):
            return _chosen(name, operands[0 if companions[1] else 1], first.smooth, result)
        kept = name in _RESHAPING or name in ("convert_element_type", "select_n")
        return first if kept and not jnp.issubdtype(result.dtype, jnp.inexact) else None
    if name == "select_n" and companions[0]:
        step = lax.stop_gradient(operands[2] - operands[1])
        return _Companion(companions[0].smooth * step)
    if name in _RESHAPING:
        bound = equation.primitive.bind(first.smooth, **equation.params)
        return _Companion(bound)
    if name in ("convert_element_type", "select_n"):
        return first
    if name in ("and", "or"):
        return _Companion(sum(c.smooth for c in companions if c))
    return _Companion(-first.smooth) if name == "not" else None


def _chosen(name: str, other: Any, weights: Any, result: Any) -> _Companion | None:
    """Of `index == other`: the weights themselves for a one-hot, else the weight of `other`."""
    sign = 1.0 if name == "eq" else -1.0
    if weights.shape == result.shape:
        return _Companion(sign * weights)
    if weights.shape[:-1] != result.shape:
        return None
    at = jnp.broadcast_to(other, result.shape)[..., None]
    return _Companion(sign * jnp.take_along_axis(weights, at, -1)[..., 0])


def _indexed(equation: Any, operands: list[Any], companion: _Companion, result: Any) -> Any:
    """Of `table[index]`: the weighted mean of all rows, or the slope between neighbouring ones."""
    table, index = operands
    numbers = equation.params["dimension_numbers"]
    if companion.is_choice:
        if numbers.start_index_map != (0,) or numbers.collapsed_slice_dims != (0,):
            return lax.stop_gradient(result)
        return jnp.tensordot(companion.smooth, table, 1)
    params = get_bind_params(equation.primitive, equation.params)
    step = equation.primitive.bind(table, index + 1, **params) - result
    smooth = companion.smooth.reshape(index.shape[:-1])
    return jnp.expand_dims(smooth, numbers.offset_dims) * lax.stop_gradient(step)
