"""The float64 shadow of a program: the same jaxpr with every floating type widened.

Casts inside the model (to bfloat16, float16, float8) are undone too, which tracing the user's code
with float64 inputs would not do. What stays: integers, indices, keys and random bits; primitives
that make numbers out of bits, and kernels that only know their own types.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jax.extend import core

from checks.program import jaxprs
from checks.program.interpret import Interpreter, Site, Static, held
from checks.program.leaves import is_key

_TYPE_PARAMS = ("new_dtype", "dtype", "preferred_element_type")
# Computed in the first type, and the result widened.
_KEPT = frozenset({"bitcast_convert_type", "rng_bit_generator"}) | jaxprs.CALLBACKS


def shadow(closed: Any) -> Any:
    """The closed jaxpr with float64 for every float and complex128 for every complex number.

    Run and differentiate the result under `jax.enable_x64(True)`.
    """
    widener = Widener()
    inputs = [widener.struct(x) for x in jaxprs.open_jaxpr(closed).invars]
    with jax.enable_x64(True):
        return jax.make_jaxpr(lambda *given: widener.run(closed, given)[0])(*inputs)


def widened_dtype(dtype: Any) -> Any:
    """float64 for floats, complex128 for complex, else the type itself."""
    if is_key(dtype) or not jnp.issubdtype(dtype, jnp.inexact):
        return dtype
    return jnp.dtype("complex128" if jnp.issubdtype(dtype, jnp.complexfloating) else "float64")


class Widener(Interpreter):
    """Runs a jaxpr in wide types. Make it outside of `jax.enable_x64(True)`, run it inside.

    Subclasses may widen less: `type_of` says what becomes of each type.
    """

    type_of = staticmethod(widened_dtype)

    def __init__(self) -> None:
        self._wide_before = bool(jax.config.read("jax_enable_x64"))

    def widened(self, value: Any) -> Any:
        """An array or number in its wide type."""
        dtype = getattr(value, "dtype", None)
        if dtype is None or (not is_key(dtype) and self.type_of(dtype) != dtype):
            value = jnp.asarray(value)
            return value.astype(self.type_of(value.dtype))
        return value

    def struct(self, atom: Any) -> jax.ShapeDtypeStruct:
        """Shape and wide type of a variable."""
        return jax.ShapeDtypeStruct(atom.aval.shape, self.type_of(atom.aval.dtype))

    def constant(self, value: Any) -> Any:
        """Literals and constants are widened like everything else."""
        return self.widened(value)

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The equation's results in wide types."""
        equation, name = site.equation, site.equation.primitive.name
        if name == "custom_jvp_call":
            return self._custom_jvp(equation, operands)
        if name == "custom_vjp_call":
            return self._custom_vjp(equation, operands)
        if name == "custom_linear_solve":
            return self._linear_solve(site, operands)
        if name == "reduce_precision":
            return operands
        if name in _KEPT or name.startswith(("random_", "threefry")) or jaxprs.is_opaque(equation):
            return self._kept(equation, operands)
        params = {key: self._param(key, x) for key, x in equation.params.items()}
        results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(params))
        return [
            self.widened(x) for x in (results if equation.primitive.multiple_results else [results])
        ]

    def _kept(self, equation: Any, operands: list[Any]) -> list[Any]:
        if equation.primitive.name in jaxprs.CALLBACKS:
            operands = held(operands)
        narrow = [
            x.astype(atom.aval.dtype) if jaxprs.is_differentiable(atom) else x
            for atom, x in zip(equation.invars, operands)
        ]
        return [self.widened(x) for x in jaxprs.bind(equation, narrow)]

    def _param(self, key: str, value: Any) -> Any:
        if key in ("consts", "update_consts"):
            return tuple(map(self.widened, value))
        if key in _TYPE_PARAMS and value is not None:
            return self.type_of(value)
        if key == "precision" and "Algorithm" in type(value).__name__:
            return None
        if key == "transpose_thunk":  # of `linear_call`
            return lambda: self._transpose(value)
        if isinstance(value, (core.Jaxpr, core.ClosedJaxpr)):
            return self._retraced(value)
        return value

    def _transpose(self, thunk: Any) -> tuple[Any, list[Any]]:
        jaxpr, constants = thunk()
        return self._retraced(jaxpr), [*map(self.widened, constants)]

    def _retraced(self, jaxpr: Any) -> Any:
        inputs = [self.struct(x) for x in jaxprs.open_jaxpr(jaxpr).invars]
        traced = jax.make_jaxpr(lambda *given: self.run(jaxpr, given)[0])(*inputs)
        return traced if isinstance(jaxpr, core.ClosedJaxpr) else traced.jaxpr

    def solver(self, site: Site, operands: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        """The functions of a `custom_linear_solve` by name, None where not given; and its b.

        Each part has its own leading constants among the operands.
        """
        lengths, parts = (site.equation.params[k] for k in ("const_lengths", "jaxprs"))
        calls, rest = {}, list(operands)
        for name in ("matvec", "vecmat", "solve", "transpose_solve"):
            count = getattr(lengths, name)
            calls[name] = self._part(getattr(parts, name), rest[:count])
            rest = rest[count:]
        return calls, rest

    def _part(self, jaxpr: Any, constants: list[Any]) -> Any:
        return jaxpr and (lambda xs: self.run(jaxpr, [*constants, *xs])[0])

    def _linear_solve(self, site: Site, operands: list[Any]) -> list[Any]:
        calls, right = self.solver(site, operands)
        back = calls["transpose_solve"]
        return lax.custom_linear_solve(
            calls["matvec"],
            right,
            lambda _, b: calls["solve"](b),
            transpose_solve=back and (lambda _, b: back(b)),
        )

    def _custom_jvp(self, equation: Any, operands: list[Any]) -> list[Any]:
        """The same function with the same rule, both in wide types.

        The rule is asked with the tangents that there are, and no others: it may refuse them.
        """
        seen = [j for j, x in enumerate(equation.outvars) if jaxprs.is_differentiable(x)]

        @jax.custom_jvp
        def function(*given: Any) -> Any:
            return self.run(jaxprs.custom_body(equation), given)[0]

        def forward(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
            moved = [i for i, x in enumerate(tangents) if not isinstance(x, SymbolicZero)]
            rule = _Rule(equation, moved, seen, self._wide_before)
            chosen = [tangents[i] for i in moved]
            results, _ = self.run(rule.forward_mode(), [*primals, *chosen])
            values, slopes = results[: -len(seen)], list(results[-len(seen) :])
            return values, [
                slopes.pop(0) if j in seen else _no_tangent(x) for j, x in enumerate(values)
            ]

        function.defjvp(forward, symbolic_zeros=True)
        results: Any = function(*operands)
        return list(results)

    def _custom_vjp(self, equation: Any, operands: list[Any]) -> list[Any]:
        """Likewise; the residuals of the rule are the leaves of JAX's own pullback."""
        seen = [j for j, x in enumerate(equation.outvars) if jaxprs.is_differentiable(x)]

        @jax.custom_vjp
        def function(*given: Any) -> Any:
            return self.run(jaxprs.custom_body(equation), given)[0]

        def forward(*given: Any) -> Any:
            moved = [i for i, x in enumerate(given) if x.perturbed]
            rule = _Rule(equation, moved, seen, self._wide_before)
            results, _ = self.run(rule.reverse_mode()[0], [x.value for x in given])
            count = len(equation.outvars)
            return list(results[:count]), (Static(tuple(moved)), list(results[count:]))

        def backward(saved: Any, cotangents: list[Any]) -> tuple[Any, ...]:
            moved, residuals = saved[0].value, saved[1]
            rule = _Rule(equation, moved, seen, self._wide_before)
            chosen = [_instantiated(cotangents[j]) for j in seen]
            slopes, _ = self.run(rule.reverse_mode()[1], [*residuals, *chosen])
            back: list[Any] = [None] * len(equation.invars)
            for i, slope in zip(moved, slopes):
                back[i] = slope
            return tuple(back)

        function.defvjp(forward, backward, symbolic_zeros=True)
        results: Any = function(*operands)
        return list(results)


class _Rule:
    """The rule of one custom call as jaxprs in its own types.

    Args:
        equation: the custom call.
        moved: positions of the operands that get a tangent.
        seen: positions of the results that have one.
        wide: whether it was traced under x64.
    """

    def __init__(
        self, equation: Any, moved: Sequence[int], seen: Sequence[int], wide: bool
    ) -> None:
        self._equation, self._moved, self._seen, self._wide = equation, moved, seen, wide
        self._operands = [jaxprs.struct(x) for x in equation.invars]

    def forward_mode(self) -> Any:
        """Operands and tangents of `moved` -> results and tangents of `seen`."""

        def jvp(*given: Any) -> list[Any]:
            operands, tangents = given[: len(self._operands)], given[len(self._operands) :]
            primals = [operands[i] for i in self._moved]
            values, slopes, others = jax.jvp(
                self._call(operands), primals, list(tangents), has_aux=True
            )
            del values
            return [*others, *slopes]

        moved = [self._operands[i] for i in self._moved]
        with jax.enable_x64(self._wide):
            return jax.make_jaxpr(jvp)(*self._operands, *moved)

    def reverse_mode(self) -> tuple[Any, Any]:
        """Operands -> results and residuals; residuals and cotangents of `seen` -> gradients."""
        trees: list[Any] = []

        def forward(*operands: Any) -> list[Any]:
            primals = [operands[i] for i in self._moved]
            _, pullback, results = jax.vjp(self._call(operands), *primals, has_aux=True)
            residuals, tree = jax.tree.flatten(pullback)
            trees[:] = [tree]
            return [*results, *residuals]

        with jax.enable_x64(self._wide):
            first = jax.make_jaxpr(forward)(*self._operands)
            results = [jaxprs.struct(x) for x in jaxprs.open_jaxpr(first).outvars]
            residuals = results[len(self._equation.outvars) :]
            cotangents = [jaxprs.struct(self._equation.outvars[j]) for j in self._seen]

            def backward(residuals: list[Any], cotangents: list[Any]) -> list[Any]:
                return list(jax.tree.unflatten(trees[0], residuals)(cotangents))

            return first, jax.make_jaxpr(backward)(residuals, cotangents)

    def _call(self, operands: Sequence[Any]) -> Any:
        """The call as a function of the moved operands, with all results as auxiliary output."""

        def call(*values: Any) -> tuple[list[Any], list[Any]]:
            given = list(operands)
            for i, x in zip(self._moved, values):
                given[i] = x
            results = jaxprs.bind(self._equation, given)
            return [results[j] for j in self._seen], results

        return call


def _instantiated(cotangent: Any) -> Any:
    if not isinstance(cotangent, SymbolicZero):
        return cotangent
    shape = jaxprs.struct(cotangent)
    return jnp.zeros(shape.shape, shape.dtype)


def _no_tangent(value: Any) -> Any:
    return np.zeros(value.shape, jax.dtypes.float0)
