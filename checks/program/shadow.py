"""Makes the float64 shadow of a program: the same jaxpr with every floating type widened.

Casts inside the model (to bfloat16, float16, float8) are undone too, which tracing the user's code
with float64 inputs would not do. Integers, indices, keys and random bits keep their types, and so
do primitives that make numbers out of bits and kernels that accept only their own types. The module
depends on the other modules of `checks/program` only.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from checks.program import jaxprs
from checks.program.custom_rules import run_rule
from checks.program.interpret import Interpreter
from checks.program.jax_internals import get_bind_params
from checks.program.leaves import is_key
from checks.program.sites import Site

_TYPE_PARAMS = ("new_dtype", "dtype", "preferred_element_type")
# Computed in the program's own types, and the result widened.
_KEPT = frozenset({"bitcast_convert_type", "rng_bit_generator"}) | jaxprs.CALLBACKS
_SOLVER_PARTS = ("matvec", "vecmat", "solve", "transpose_solve")


def make_shadow(closed: Any) -> Any:
    """Returns a program with float64 for every float and complex128 for every complex number.

    It traces the program and computes nothing. Integers, keys and random bits keep their types.

    Args:
        closed: a closed jaxpr.

    Returns:
        A closed jaxpr, to be run and differentiated under `jax.enable_x64(True)`.
    """
    widener = Widener()
    inputs = [widener.widen_struct(x) for x in jaxprs.open_jaxpr(closed).invars]
    with jax.enable_x64(True):
        return jax.make_jaxpr(lambda *given: widener.run(closed, given)[0])(*inputs)


def widen_dtype(dtype: Any) -> Any:
    """Returns float64 for a float, complex128 for a complex type, and other types as they are.

    Args:
        dtype: a JAX or numpy dtype.
    """
    if is_key(dtype) or not jnp.issubdtype(dtype, jnp.inexact):
        return dtype
    return jnp.dtype("complex128" if jnp.issubdtype(dtype, jnp.complexfloating) else "float64")


class Widener(Interpreter):
    """Runs a jaxpr in wide types.

    Make it outside of `jax.enable_x64(True)` and run it inside. A subclass that widens fewer types
    replaces `type_of`, which maps each type to the new one.
    """

    type_of = staticmethod(widen_dtype)

    def __init__(self) -> None:
        self._was_wide = bool(jax.config.read("jax_enable_x64"))

    def widen(self, value: Any) -> Any:
        """Returns an array in its wide type; one whose type stays, or a Python number, as it is.

        Args:
            value: an array or a number.
        """
        dtype = getattr(value, "dtype", None)
        if dtype is None or (not is_key(dtype) and self.type_of(dtype) != dtype):
            value = jnp.asarray(value)
            return value.astype(self.type_of(value.dtype))
        return value

    def widen_struct(self, atom: Any) -> jax.ShapeDtypeStruct:
        """Returns the shape and the wide type of a variable.

        Args:
            atom: a variable or literal of a jaxpr.
        """
        return jax.ShapeDtypeStruct(atom.aval.shape, self.type_of(atom.aval.dtype))

    def constant(self, value: Any) -> Any:
        """Widens a literal or a constant.

        Args:
            value: an array or a number.
        """
        return self.widen(value)

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Computes the equation in wide types.

        Args:
            site: the equation.
            operands: its operands, in wide types.
            feed: ignored.

        Returns:
            One array in its wide type for each result of the equation.
        """
        del feed
        equation, name = site.equation, site.equation.primitive.name
        if name in jaxprs.CUSTOM_RULES:
            run = lambda jaxpr, given: self.run(jaxpr, given)[0]  # noqa: E731
            return run_rule(equation, operands, self._was_wide, run)
        if name == "custom_linear_solve":
            return self._run_linear_solve(site, operands)
        if name == "reduce_precision":
            return operands
        if name in _KEPT or name.startswith(("random_", "threefry")) or jaxprs.is_opaque(equation):
            return self._compute_in_own_types(equation, operands)
        params = {key: self._widen_param(key, x) for key, x in equation.params.items()}
        results = equation.primitive.bind(*operands, **get_bind_params(equation.primitive, params))
        return [
            self.widen(x) for x in (results if equation.primitive.multiple_results else [results])
        ]

    def split_solve(self, site: Site, operands: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Splits a `custom_linear_solve` into its functions and its right-hand side.

        Args:
            site: an equation of that primitive.
            operands: its operands; each function has its own leading constants among them.

        Returns:
            `matvec`, `vecmat`, `solve` and `transpose_solve` by name, each a function from a list
            of arrays to a list of arrays, or None where not given; and the list of the arrays of
            the right-hand side.
        """
        lengths, parts = (site.equation.params[k] for k in ("const_lengths", "jaxprs"))
        calls, rest = {}, list(operands)
        for name in _SOLVER_PARTS:
            count = getattr(lengths, name)
            calls[name] = self._make_solver_part(getattr(parts, name), rest[:count])
            rest = rest[count:]
        return calls, rest

    def _make_solver_part(self, jaxpr: Any, constants: list[Any]) -> Any:
        return jaxpr and (lambda xs: self.run(jaxpr, [*constants, *xs])[0])

    def _compute_in_own_types(self, equation: Any, operands: list[Any]) -> list[Any]:
        if equation.primitive.name in jaxprs.CALLBACKS:
            operands = jaxprs.detach(operands)
        narrow = [
            x.astype(atom.aval.dtype) if jaxprs.is_differentiable(atom) else x
            for atom, x in zip(equation.invars, operands)
        ]
        return [self.widen(x) for x in jaxprs.bind(equation, narrow)]

    def _widen_param(self, key: str, value: Any) -> Any:
        if key in ("consts", "update_consts"):
            return tuple(map(self.widen, value))
        if key in _TYPE_PARAMS and value is not None:
            return self.type_of(value)
        if key == "precision" and "Algorithm" in type(value).__name__:
            return None
        if key == "transpose_thunk":  # of `linear_call`
            return lambda: self._trace_transpose(value)
        if isinstance(value, (core.Jaxpr, core.ClosedJaxpr)):
            return self._retrace(value)
        return value

    def _trace_transpose(self, thunk: Any) -> tuple[Any, list[Any]]:
        jaxpr, constants = thunk()
        return self._retrace(jaxpr), [*map(self.widen, constants)]

    def _retrace(self, jaxpr: Any) -> Any:
        inputs = [self.widen_struct(x) for x in jaxprs.open_jaxpr(jaxpr).invars]
        traced = jax.make_jaxpr(lambda *given: self.run(jaxpr, given)[0])(*inputs)
        return traced if isinstance(jaxpr, core.ClosedJaxpr) else traced.jaxpr

    def _run_linear_solve(self, site: Site, operands: list[Any]) -> list[Any]:
        calls, right = self.split_solve(site, operands)
        matvec, solve, back = (calls[k] for k in ("matvec", "solve", "transpose_solve"))
        return lax.custom_linear_solve(
            matvec,
            right,
            lambda _, b: solve(b),
            transpose_solve=back and (lambda _, b: back(b)),
        )
