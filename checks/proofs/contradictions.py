"""Checks proofs against JAX's own gradient, so that a mistake of the proofs is seen as one.

A leaf that is proved to be disconnected or blocked has a gradient of zero. If JAX's gradient with
respect to such a leaf depends on the cotangent of the loss, or is not zero at the data, the proof
is wrong. The module depends on `checks/program`.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.runner import QUICK
from checks.program.trace import Program
from checks.proofs.dependence import Dependence


def trace_gradient(
    program: Program, leaves: Sequence[int], moved: Sequence[int] | None = None
) -> Any | None:
    """Traces JAX's gradient of the loss with respect to some leaves; nothing is computed.

    Args:
        program: the traced loss, without equations that have no reverse derivative.
        leaves: indices of the leaves.
        moved: indices of the leaves that have a tangent, those of `leaves` among them; a custom
            rule may answer otherwise if others have one too. None for `leaves` alone.

    Returns:
        A closed jaxpr from all inputs of the program and the cotangent of the loss to the gradients
        of the leaves; None if there are no leaves, or if JAX cannot trace the gradient.
    """
    if not leaves:
        return None
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(program.jaxpr).invars]
    moved = leaves if moved is None else moved

    def gradient(given: list[Any], cotangent: Any) -> list[Any]:
        def loss(values: dict[int, Any]) -> Any:
            operands = [values.get(i, x) for i, x in enumerate(given)]
            return Interpreter().run(program.jaxpr, operands)[0][0]

        (slopes,) = jax.vjp(loss, {i: given[i] for i in moved})[1](cotangent)
        return [slopes[i] for i in leaves]

    cotangent = jaxprs.get_struct(jaxprs.open_jaxpr(program.jaxpr).outvars[0])
    try:
        return jax.make_jaxpr(gradient)(inputs, cotangent)
    except Exception:  # no gradient that could contradict a proof
        return None


def find_dependent(gradient: Any, leaves: Sequence[int]) -> list[int]:
    """Finds the leaves whose gradient depends on the cotangent of the loss.

    Args:
        gradient: the jaxpr from `trace_gradient`.
        leaves: the leaves that it was traced for.
    """
    rows = Dependence(ask_rules=False).get_jaxpr_rows(gradient).value
    last = len(jaxprs.open_jaxpr(gradient).invars) - 1
    return [leaf for leaf, row in zip(leaves, rows) if row >> last & 1]


def find_nonzero(gradient: Any, leaves: Sequence[int], inputs: Sequence[Any]) -> list[int]:
    """Finds the leaves whose gradient is not zero, or not a number, at the given inputs.

    Args:
        gradient: the jaxpr from `trace_gradient`.
        leaves: the leaves that it was traced for.
        inputs: one array for each input of the program, in the program's own types.
    """
    one = jnp.ones((), jaxprs.open_jaxpr(gradient).invars[-1].aval.dtype)
    compute = jax.jit(core.jaxpr_as_fun(gradient), compiler_options=QUICK)
    slopes = compute(*[jnp.asarray(x) for x in inputs], one)
    return [leaf for leaf, slope in zip(leaves, slopes) if np.any(np.asarray(slope) != 0)]
