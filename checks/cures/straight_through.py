"""Straight-through estimates: results stay as they are, but get a smooth derivative.

A float result (of `round`, `sign`) gets the derivative of its operand. An integer or a boolean
cannot carry a derivative. A smooth companion of it is computed beside the program instead, through
reshapes and logic, up to the equation that makes floats of it again: a cast, a selection, a
comparison with a range (one-hot), or an indexing. The module depends on `checks/program` only.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.sites import Site, SitePath

ROUNDING = frozenset({"round", "floor", "ceil", "sign"})
# Comparison -> the sign of the difference of its operands that makes it true.
_COMPARISONS = {"gt": 1.0, "ge": 1.0, "lt": -1.0, "le": -1.0}
_RESHAPING = frozenset(
    {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "slice", "rev", "copy"}
)
# The primitives that have an estimate.
SURROGATES = ROUNDING | frozenset(_COMPARISONS) | {"convert_element_type", "argmax", "argmin"}


class _Companion(NamedTuple):
    """A smooth approximation of an integer or a boolean.

    Attributes:
        smooth: floats of the same shape; for a choice the weights of all indices, along one more,
            last axis.
        is_choice: whether it replaces the index of a largest or smallest element.
    """

    smooth: Any
    is_choice: bool = False


class StraightThrough(Interpreter):
    """Runs a jaxpr with straight-through estimates of the equations at some paths.

    Results keep their values.

    Args:
        paths: the paths of equations whose primitives are in `SURROGATES`.
    """

    def __init__(self, paths: set[SitePath]) -> None:
        self._paths = paths
        self._known: dict[int, tuple[Any, _Companion]] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes the equation, and gives a float result the derivative of its companion.

        A companion is a smooth approximation of an integer or boolean, which is computed beside it.

        Args:
            site: the equation.
            operands: its operands.
            feed: the extra input for this path, or None.

        Returns:
            One array for each result, with the values of the program.
        """
        results = super().compute(site, operands, feed)
        companion = self._find_companion(site, operands, results)
        if companion is None:
            return results
        if jnp.issubdtype(results[0].dtype, jnp.inexact):
            return [attach_derivative(results[0], companion.smooth), *results[1:]]
        # The result is kept too, so that no other array gets its id.
        self._known[id(results[0])] = (results[0], companion)
        return results

    def _find_companion(
        self, site: Site, operands: list[Any], results: list[Any]
    ) -> _Companion | None:
        if site.path in self._paths:
            return _start_companion(site.equation, operands)
        companions = [self._known.get(id(x), (None, None))[1] for x in operands]
        if not any(companions):
            return None
        return _carry_companion(site.equation, operands, companions, results[0])


def attach_derivative(value: Any, smooth: Any) -> Any:
    """Returns the value, exactly, with the derivative of another array.

    Args:
        value: a float array.
        smooth: an array that broadcasts to its shape.
    """
    smooth = jnp.broadcast_to(smooth, value.shape).astype(value.dtype)
    return lax.stop_gradient(value) + (smooth - lax.stop_gradient(smooth))


def _start_companion(equation: Any, operands: list[Any]) -> _Companion:
    name = equation.primitive.name
    if name in _COMPARISONS:
        return _Companion(_COMPARISONS[name] * (operands[0] - operands[1]))
    if name in ("argmax", "argmin"):
        (axis,) = equation.params["axes"]
        scores = operands[0] if name == "argmax" else -operands[0]
        return _Companion(jax.nn.softmax(jnp.moveaxis(scores, axis, -1)), is_choice=True)
    return _Companion(operands[0])


def _carry_companion(
    equation: Any, operands: list[Any], companions: Sequence[_Companion | None], result: Any
) -> _Companion | None:
    """Returns the companion of the result, or None where it has none."""
    name = equation.primitive.name
    first = next(c for c in companions if c)
    if name == "gather" and companions[1]:
        return _Companion(_interpolate(equation, operands, companions[1], result))
    if first.is_choice:
        if name in ("eq", "ne"):
            other = operands[0 if companions[1] else 1]
            return _compare_choice(name, other, first.smooth, result)
        is_kept = name in _RESHAPING or name in ("convert_element_type", "select_n")
        return first if is_kept and not jnp.issubdtype(result.dtype, jnp.inexact) else None
    if name == "select_n" and companions[0]:
        step = lax.stop_gradient(operands[2] - operands[1])
        return _Companion(companions[0].smooth * step)
    if name in _RESHAPING:
        return _Companion(equation.primitive.bind(first.smooth, **equation.params))
    if name in ("convert_element_type", "select_n"):
        return first
    if name in ("and", "or"):
        return _Companion(sum(c.smooth for c in companions if c))
    return _Companion(-first.smooth) if name == "not" else None


def _compare_choice(name: str, other: Any, weights: Any, result: Any) -> _Companion | None:
    """Returns the companion of `index == other` or `index != other`.

    For a one-hot it is the weights themselves, else the weight of `other`.
    """
    sign = 1.0 if name == "eq" else -1.0
    if weights.shape == result.shape:
        return _Companion(sign * weights)
    if weights.shape[:-1] != result.shape:
        return None
    at = jnp.broadcast_to(other, result.shape)[..., None]
    return _Companion(sign * jnp.take_along_axis(weights, at, -1)[..., 0])


def _interpolate(equation: Any, operands: list[Any], companion: _Companion, result: Any) -> Any:
    """Returns a smooth `table[index]`.

    For a choice it is the weighted mean of all rows, else the slope between neighbouring rows.
    """
    table, index = operands
    numbers = equation.params["dimension_numbers"]
    if companion.is_choice:
        if numbers.start_index_map != (0,) or numbers.collapsed_slice_dims != (0,):
            return lax.stop_gradient(result)
        return jnp.tensordot(companion.smooth, table, 1)
    step = jaxprs.bind(equation, [table, index + 1])[0] - result
    smooth = companion.smooth.reshape(index.shape[:-1])
    return jnp.expand_dims(smooth, numbers.offset_dims) * lax.stop_gradient(step)
