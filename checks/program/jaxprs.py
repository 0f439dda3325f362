"""Reads jaxprs, in the same way on JAX 0.10 to 0.12.

Where the two versions differ, this module handles the difference and no other does: a closed jaxpr
is a separate class on 0.10 and the jaxpr itself on 0.12, and a scan counts its operands in two
ways. It depends on JAX and on `jax_internals`.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from checks.program.jax_internals import get_bind_params, get_implementation_module

# Primitives that only call one sub-jaxpr, operand for operand and result for result.
_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "shard_map": "jaxpr",
    "custom_vmap_call": "call",
}
# Primitives with sub-jaxprs that do more than call them.
_CONTROL_FLOW = frozenset({"scan", "while", "cond"})
CUSTOM_RULES = frozenset({"custom_jvp_call", "custom_vjp_call"})
CALLBACKS = frozenset({"pure_callback", "io_callback"})
# Callbacks that only print or log: a check that ran them at its own points would flood the log.
DEBUGGING = frozenset({"debug_callback", "debug_print"})
# Kernels whose inside is not read: every output is taken to depend on every input.
OPAQUE = frozenset({"pallas_call", "tpu_custom_call", "call_hi_primitive", "ffi_call"})


def open_jaxpr(jaxpr: Any) -> Any:
    """Returns the open jaxpr inside a closed one, without the constants; an open one as it is.

    Args:
        jaxpr: a jaxpr, open or closed.
    """
    return getattr(jaxpr, "jaxpr", jaxpr)


def get_constants(jaxpr: Any) -> tuple[Any, ...]:
    """Returns the values of `constvars`; none for an open jaxpr.

    Args:
        jaxpr: a jaxpr, open or closed.
    """
    return tuple(getattr(jaxpr, "consts", ()))


def is_literal(atom: Any) -> bool:
    """Returns whether an operand is a literal, which has a `val` and is not hashable.

    Args:
        atom: a variable or literal of a jaxpr.
    """
    return isinstance(atom, core.Literal)


def is_differentiable(atom: Any) -> bool:
    """Returns whether a variable or literal is floating or complex, so can carry a tangent.

    Args:
        atom: a variable or literal of a jaxpr.
    """
    dtype = getattr(atom.aval, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jnp.inexact)


def is_reference(atom: Any) -> bool:
    """Returns whether a variable is a mutable reference (`jax.new_ref`).

    Args:
        atom: a variable or literal of a jaxpr.
    """
    return "Ref" in type(atom.aval).__name__


def is_control(equation: Any) -> bool:
    """Returns whether an equation has sub-jaxprs that can be run: control flow or a call.

    It is False for the call of a custom rule.

    Args:
        equation: a jaxpr equation.
    """
    return equation.primitive.name in _CONTROL_FLOW or find_callee(equation) is not None


def find_callee(equation: Any) -> Any | None:
    """Returns the sub-jaxpr of an equation that only calls it, None for other equations.

    Args:
        equation: a jaxpr equation.
    """
    key = _CALLS.get(equation.primitive.name)
    return equation.params.get(key) if key else None


def find_sub_jaxprs(equation: Any) -> list[Any]:
    """Returns all jaxprs, open or closed, among the parameters of an equation; not those inside.

    Args:
        equation: a jaxpr equation.
    """
    values = equation.params.values()
    flat = (one for x in values for one in (x if isinstance(x, tuple | list) else (x,)))
    return [one for one in flat if hasattr(open_jaxpr(one), "eqns")]


def collect_primitives(jaxpr: Any) -> set[str]:
    """Returns the names of all primitives in a jaxpr and in its sub-jaxprs, at any depth.

    Args:
        jaxpr: a jaxpr, open or closed.
    """
    found, queue = set(), [jaxpr]
    while queue:
        equations = open_jaxpr(queue.pop()).eqns
        found.update(e.primitive.name for e in equations)
        queue += [inner for e in equations for inner in find_sub_jaxprs(e)]
    return found


def count_scan_inputs(equation: Any) -> tuple[int, int]:
    """Returns the number of constants and the number of carries among the operands of a scan.

    Args:
        equation: an equation of the primitive `scan`.
    """
    if "num_consts" in equation.params:
        return equation.params["num_consts"], equation.params["num_carry"]
    constants, carries, _ = equation.params["ft_in"].unpack()
    return len(constants), len(carries)


def is_opaque(equation: Any) -> bool:
    """Returns whether the checks cannot read an equation's inside.

    This is true of a kernel (such as a Pallas call), and of a primitive that is not JAX's own.

    Args:
        equation: a jaxpr equation.
    """
    primitive = equation.primitive
    own = get_implementation_module(primitive).startswith("jax")
    return primitive.name in OPAQUE or not own


def get_custom_body(equation: Any) -> Any:
    """Returns the function behind a custom rule, as a closed jaxpr.

    Args:
        equation: an equation of a primitive in `CUSTOM_RULES`.
    """
    return equation.params["call_jaxpr"]


def count_constant_operands(equation: Any) -> int:
    """Returns how many leading operands of a custom rule's call are closed over, without tangent.

    It is 0 for an equation of another primitive.

    Args:
        equation: a jaxpr equation.
    """
    return equation.params.get("num_consts", 0) if equation.primitive.name in CUSTOM_RULES else 0


def bind(equation: Any, operands: list[Any]) -> list[Any]:
    """Computes an equation.

    Args:
        equation: a jaxpr equation.
        operands: one array for each of its operands.

    Returns:
        Its results, always as a list.
    """
    primitive = equation.primitive
    if primitive.name in CUSTOM_RULES:  # user code expects arrays, not literals
        operands = [x if isinstance(x, jax.Array) else jnp.asarray(x) for x in operands]
    results = primitive.bind(*operands, **get_bind_params(primitive, equation.params))
    return list(results) if primitive.multiple_results else [results]


def detach(operands: Sequence[Any]) -> list[Any]:
    """Returns each operand behind a `stop_gradient`.

    Args:
        operands: arrays.
    """
    return [lax.stop_gradient(x) for x in operands]


def get_struct(atom: Any) -> jax.ShapeDtypeStruct:
    """Returns the shape, the dtype and whether the type is weak of a variable or literal.

    Args:
        atom: a variable or literal of a jaxpr.
    """
    aval = atom.aval
    weak = getattr(aval, "weak_type", False)
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=weak)
