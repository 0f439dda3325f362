"""Counts the floating-point operations of a program over its jaxpr. It depends on JAX alone."""

import math
from collections import Counter
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
    return sum(count_flops_by_type(function, *args).values())


def count_flops_by_type(function: Callable[..., Any], *args: Any) -> dict[str, int]:
    """Counts the operations as `count_flops` does, by the type of the operands.

    Args:
        function: anything that `jax.make_jaxpr` traces.
        *args: arrays or `jax.ShapeDtypeStruct`.

    Returns:
        Name of a type, such as `float32` -> number of operations.

    Raises:
        ValueError: as `count_flops`.
    """
    return dict(_count(jax.make_jaxpr(function)(*args).jaxpr))


def _count(jaxpr: Any) -> Counter[str]:
    return sum(map(_count_equation, jaxpr.eqns), Counter())


def _count_equation(eqn: Any) -> Counter[str]:
    name = eqn.primitive.name
    if name in ("dot_general", "conv_general_dilated"):
        count = _count_product if name == "dot_general" else _count_convolution
        return Counter({str(eqn.invars[0].aval.dtype): count(eqn)})
    inner = [_count(jaxpr) for jaxpr in _inner_jaxprs(eqn.params)]
    if name == "while" and any(inner):
        raise ValueError(
            "count_flops: the program has a while loop around matrix products, whose number of "
            "iterations is unknown; expected products in scans only: use jax.lax.scan or "
            "jax.lax.fori_loop with a fixed length."
        )
    if name == "cond":
        return max(inner, key=Counter.total)
    turns = eqn.params["length"] if name == "scan" else 1
    return Counter({kind: turns * count for kind, count in sum(inner, Counter()).items()})


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
