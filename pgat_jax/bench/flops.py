"""Counts the floating-point operations of a program over its jaxpr. It depends on JAX alone."""

import math
from collections.abc import Callable
from typing import Any

import jax


def count_flops(function: Callable[..., Any], *args: Any) -> int:
    """Counts the operations of all matrix products and convolutions of one call.

    A multiply-add is 2 operations. The body of a scan counts once for each iteration; of a
    conditional the most expensive branch counts. XLA's own `cost_analysis` counts the body of a
    loop once, so the two agree only on unrolled programs.

    Args:
        function: anything that `jax.make_jaxpr` traces.
        *args: arrays or `jax.ShapeDtypeStruct`.

    Returns:
        The number of operations.

    Raises:
        ValueError: the program has a `while` loop around products, whose number of iterations is
            unknown.
    """
    return _count(jax.make_jaxpr(function)(*args).jaxpr)


def _count(jaxpr: Any) -> int:
    return sum(_count_equation(eqn) for eqn in jaxpr.eqns)


def _count_equation(eqn: Any) -> int:
    name = eqn.primitive.name
    if name == "dot_general":
        return _count_product(eqn)
    if name == "conv_general_dilated":
        return _count_convolution(eqn)
    inner = [_count(jaxpr) for jaxpr in _inner_jaxprs(eqn.params)]
    if name == "while" and any(inner):
        raise ValueError(
            "count_flops: the program has a while loop around matrix products, whose number of "
            "iterations is unknown; expected products in scans only: use jax.lax.scan or "
            "jax.lax.fori_loop with a fixed length."
        )
    if name == "cond":
        return max(inner)
    return sum(inner) * (eqn.params["length"] if name == "scan" else 1)


def _count_product(eqn: Any) -> int:
    (contracted, _), _ = eqn.params["dimension_numbers"]
    shape = eqn.invars[0].aval.shape
    return 2 * eqn.outvars[0].aval.size * math.prod(shape[axis] for axis in contracted)


def _count_convolution(eqn: Any) -> int:
    numbers, kernel = eqn.params["dimension_numbers"], eqn.invars[1].aval
    return 2 * eqn.outvars[0].aval.size * kernel.size // kernel.shape[numbers.rhs_spec[0]]


def _inner_jaxprs(params: dict[str, Any]) -> list[Any]:
    """Returns the programs in an equation; of a custom rule the function, not the derivative."""
    values = [v for value in params.values() for v in _as_list(value)]
    return [getattr(v, "jaxpr", v) for v in values if hasattr(getattr(v, "jaxpr", v), "eqns")]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]
