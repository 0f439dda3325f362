"""Counts how much work a program is, from shapes alone.

The count does not depend on the machine or its load, so a budget of it gives the same verdicts
everywhere. The module depends on `checks/program`.
"""

import math
from typing import Any

from checks.program import jaxprs

# What an equation costs besides its elements, in multiplications: the overhead of a call.
_CALL = 1_000
# Steps that are counted for a loop whose length is not known.
_UNKNOWN_LENGTH = 10


def count_work(jaxpr: Any) -> int:
    """Counts the multiplications of a program; every other result counts as one.

    Args:
        jaxpr: a jaxpr, open or closed.
    """
    return sum(map(_count_equation, jaxprs.open_jaxpr(jaxpr).eqns))


def _count_equation(equation: Any) -> int:
    name, params = equation.primitive.name, equation.params
    inner = sum(map(count_work, jaxprs.find_sub_jaxprs(equation)))
    if inner:
        steps = {"scan": params.get("length", 1), "while": _UNKNOWN_LENGTH}
        return inner * steps.get(name, 1)
    size = sum(math.prod(getattr(x.aval, "shape", ())) for x in equation.outvars)
    if name == "dot_general":
        (axes, _), _ = params["dimension_numbers"]
        size *= math.prod(equation.invars[0].aval.shape[axis] for axis in axes)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval.shape
        size *= math.prod(kernel) // max(1, kernel[params["dimension_numbers"].rhs_spec[0]])
    return size + _CALL
