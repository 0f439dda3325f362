"""Floating-point operations of a program, counted over its jaxpr."""

import math
from collections.abc import Callable
from typing import Any

import jax


def count_flops(function: Callable, *args: Any) -> int:
    """Operations of all matrix products and convolutions that one call makes, 2 a multiply-add.

    Bodies of scans count once an iteration, the dearest branch of a conditional counts. XLA's own
    ``cost_analysis`` takes a loop's body once, so the two agree only on unrolled programs.

    Args:
        function: anything ``jax.make_jaxpr`` traces.
        *args: arrays or ``jax.ShapeDtypeStruct``.

    Raises:
        ValueError: the program holds a ``while`` loop around products, whose count nobody knows.
    """
    return _count(jax.make_jaxpr(function)(*args).jaxpr)


def _count(jaxpr: Any) -> int:
    return sum(_equation(eqn) for eqn in jaxpr.eqns)


def _equation(eqn: Any) -> int:
    name = eqn.primitive.name
    if name == "dot_general":
        return _product(eqn)
    if name == "conv_general_dilated":
        return _convolution(eqn)
    inner = [_count(jaxpr) for jaxpr in _jaxprs(eqn.params)]
    if name == "while" and any(inner):
        raise ValueError("a while loop around matrix products: its number of turns is unknown")
    if name == "cond":
        return max(inner)
    return sum(inner) * (eqn.params["length"] if name == "scan" else 1)


def _product(eqn: Any) -> int:
    (contracted, _), _ = eqn.params["dimension_numbers"]
    shape = eqn.invars[0].aval.shape
    return 2 * eqn.outvars[0].aval.size * math.prod(shape[axis] for axis in contracted)


def _convolution(eqn: Any) -> int:
    numbers, kernel = eqn.params["dimension_numbers"], eqn.invars[1].aval
    return 2 * eqn.outvars[0].aval.size * kernel.size // kernel.shape[numbers.rhs_spec[0]]


def _jaxprs(params: dict[str, Any]) -> list[Any]:
    """Programs inside an equation; a custom rule's own function, never its derivative."""
    values = [v for value in params.values() for v in _flat(value)]
    return [getattr(v, "jaxpr", v) for v in values if hasattr(getattr(v, "jaxpr", v), "eqns")]


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]
