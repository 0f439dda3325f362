"""Traces the user's function in float64, to find constants that vanish in narrower types.

A Python number that meets a float16 array becomes a float16 constant while JAX traces: 2e-8 is then
0, and no program that is made from the trace has the number any more. The module depends on the
other modules of `checks/program` only.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program import jaxprs
from checks.program.fresh_traces import forget_traces
from checks.program.jax_internals import ignore_narrowing_casts
from checks.program.leaves import is_key
from checks.program.shadow import widen_dtype
from checks.program.trace import Program


def trace_wide(program: Program) -> Any | None:
    """Traces the function of a program with float64 inputs and without casts to narrower floats.

    Args:
        program: a traced loss.

    Returns:
        A closed jaxpr with the inputs and outputs of the program, in wide types; None if the
        function is not known or cannot be traced so, as where a loop fixes the type of its carry.
    """
    if program.function is None:
        return None
    inputs = [
        jax.ShapeDtypeStruct(x.aval.shape, widen_dtype(x.aval.dtype))
        for x in jaxprs.open_jaxpr(program.jaxpr).invars
    ]
    with jax.enable_x64(True), forget_traces(), ignore_narrowing_casts() as is_known:
        try:
            return jax.make_jaxpr(program.function)(*inputs) if is_known else None
        except Exception:  # of the user's code, which asks for its own types
            return None


def find_narrow_types(jaxpr: Any) -> list[Any]:
    """Returns the types narrower than float64 of a program's floats, those of least range first.

    Args:
        jaxpr: a closed jaxpr.
    """
    queue, found = [jaxpr], set()
    while queue:
        inner = jaxprs.open_jaxpr(queue.pop())
        for equation in inner.eqns:
            queue += jaxprs.find_sub_jaxprs(equation)
            atoms = [*equation.invars, *equation.outvars]
            found |= {x.aval.dtype for x in atoms if _is_float(x)}
    narrow = [dtype for dtype in found if jnp.finfo(dtype).bits < 64]
    return sorted(narrow, key=lambda dtype: -float(jnp.finfo(dtype).smallest_subnormal))


def find_vanishing_type(value: Any, types: list[Any]) -> Any | None:
    """Returns the first of some types in which a number that is not zero becomes zero.

    Args:
        value: a number or an array of one element.
        types: floating types.

    Returns:
        The type; None if the number is zero, or stays a number in all of them.
    """
    number = np.asarray(value)
    if number.size != 1 or not np.issubdtype(number.dtype, np.floating) or not number.any():
        return None
    return next((dtype for dtype in types if not number.astype(dtype).any()), None)


def _is_float(atom: Any) -> bool:
    dtype = getattr(atom.aval, "dtype", None)
    return dtype is not None and not is_key(dtype) and jnp.issubdtype(dtype, jnp.floating)
