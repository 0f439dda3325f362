"""Reading jaxprs, the same on JAX 0.10 to 0.12.

What the two versions call differently is told apart here and nowhere else: a closed jaxpr is a
class of its own on 0.10 and the jaxpr itself on 0.12; a scan counts its operands in two ways.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

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
CUSTOM_RULES = frozenset({"custom_jvp_call", "custom_vjp_call"})
CALLBACKS = frozenset({"pure_callback", "io_callback"})
# Callbacks that only print or log: a check that ran them at its own points would flood the log.
DEBUGGING = frozenset({"debug_callback", "debug_print"})
# Kernels whose inside is not read: every output is taken to depend on every input.
OPAQUE = frozenset({"pallas_call", "tpu_custom_call", "call_hi_primitive", "ffi_call"})


def open_jaxpr(jaxpr: Any) -> Any:
    """The jaxpr without its constants."""
    return getattr(jaxpr, "jaxpr", jaxpr)


def consts_of(jaxpr: Any) -> tuple[Any, ...]:
    """The values of `constvars`; empty for an open jaxpr."""
    return tuple(getattr(jaxpr, "consts", ()))


def is_literal(atom: Any) -> bool:
    """Whether an operand is a literal, which is not hashable and has a `val`."""
    return isinstance(atom, core.Literal)


def is_differentiable(atom: Any) -> bool:
    """Whether a variable or literal can carry a tangent: floating or complex."""
    dtype = getattr(atom.aval, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jnp.inexact)


def is_reference(atom: Any) -> bool:
    """Whether a variable is a mutable reference (`jax.new_ref`)."""
    return "Ref" in type(atom.aval).__name__


def callee(equation: Any) -> Any | None:
    """The sub-jaxpr of an equation that does nothing but call it."""
    key = _CALLS.get(equation.primitive.name)
    return equation.params.get(key) if key else None


def sub_jaxprs(equation: Any) -> list[Any]:
    """All jaxprs among the parameters of an equation."""
    values = equation.params.values()
    flat = (one for x in values for one in (x if isinstance(x, tuple | list) else (x,)))
    return [one for one in flat if hasattr(open_jaxpr(one), "eqns")]


def primitives(jaxpr: Any) -> set[str]:
    """Names of all primitives in a jaxpr and in those that it calls."""
    found, queue = set(), [jaxpr]
    while queue:
        equations = open_jaxpr(queue.pop()).eqns
        found.update(e.primitive.name for e in equations)
        queue += [inner for e in equations for inner in sub_jaxprs(e)]
    return found


def scan_counts(equation: Any) -> tuple[int, int]:
    """Number of constants and of carries of a scan."""
    if "num_consts" in equation.params:
        return equation.params["num_consts"], equation.params["num_carry"]
    constants, carries, _ = equation.params["ft_in"].unpack()
    return len(constants), len(carries)


def is_opaque(equation: Any) -> bool:
    """Whether the inside is not read: kernels, and primitives that are not JAX's own."""
    primitive = equation.primitive
    if primitive.name in OPAQUE:
        return True
    made = getattr(primitive.impl, "func", primitive.impl)  # JAX's own are partial functions
    return not (getattr(made, "__module__", None) or "jax").startswith("jax")


def custom_body(equation: Any) -> Any:
    """The function behind a custom rule, as a jaxpr."""
    return equation.params["call_jaxpr"]


def constant_operands(equation: Any) -> int:
    """How many leading operands of a `custom_vjp_call` are closed over, hence without tangent."""
    return equation.params.get("num_consts", 0) if equation.primitive.name in CUSTOM_RULES else 0


def bind(equation: Any, operands: list[Any]) -> list[Any]:
    """The equation's results at these operands, as a list."""
    if equation.primitive.name in CUSTOM_RULES:  # the user's code meets arrays, not literals
        operands = [x if isinstance(x, jax.Array) else jnp.asarray(x) for x in operands]
    params = equation.primitive.get_bind_params(equation.params)
    results = equation.primitive.bind(*operands, **params)
    return list(results) if equation.primitive.multiple_results else [results]


def struct(atom: Any) -> jax.ShapeDtypeStruct:
    """Shape and type of a variable or literal."""
    aval = atom.aval
    weak = getattr(aval, "weak_type", False)
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=weak)
