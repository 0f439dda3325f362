"""Finds the equations that have no reverse derivative in JAX, by tracing each of them.

A kernel without a rule, a window reduction with a user's operation, or a custom rule that raises
makes `jax.grad` raise for the whole program. This module finds each such equation. It needs shapes
alone and depends on `checks/program`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax

from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import is_jax_rule
from checks.program.sites import Site

# Equations that are not asked: what is inside them is, or they are known to have no derivative.
_AS_A_WHOLE = frozenset({"scan", "while", "cond"}) | jaxprs.CALLBACKS | jaxprs.DEBUGGING
# Primitives with a derivative for all operands and settings. Most equations of a program are such.
_SURE = frozenset(
    {"add", "sub", "mul", "div", "neg", "exp", "log", "tanh", "logistic", "sqrt", "rsqrt", "erf"}
    | {"sin", "cos", "pow", "integer_pow", "square", "abs", "max", "min", "add_any", "log1p"}
    | {"dot_general", "transpose", "reshape", "broadcast_in_dim", "squeeze", "concatenate"}
    | {"reduce_sum", "reduce_max", "select_n", "convert_element_type", "stop_gradient"}
    | {"slice", "dynamic_slice", "gather", "scatter-add", "pad", "copy", "cumsum", "split"}
)


class Pullback(NamedTuple):
    """The reverse derivative of one equation.

    Attributes:
        jaxpr: a closed jaxpr from the operands and the cotangents of the results `seen` to the
            cotangents of the operands `moved`.
        moved: positions of the operands that get a cotangent.
        seen: positions of the results that have a cotangent.
    """

    jaxpr: Any
    moved: list[int]
    seen: list[int]


def trace_pullback(equation: Any) -> Pullback:
    """Traces the reverse derivative of an equation; nothing is computed.

    Args:
        equation: a jaxpr equation that is not control flow.

    Raises:
        Exception: the error of JAX or of a custom rule, if there is no derivative.
    """
    first = jaxprs.count_constant_operands(equation)
    moved = [i for i, x in enumerate(equation.invars) if i >= first and _is_moved(x)]
    seen = [j for j, x in enumerate(equation.outvars) if jaxprs.is_differentiable(x)]

    def back(operands: list[Any], cotangents: list[Any]) -> Any:
        def call(*values: Any) -> list[Any]:
            given = list(operands)
            for i, x in zip(moved, values):
                given[i] = x
            results = jaxprs.bind(equation, given)
            return [results[j] for j in seen]

        return jax.vjp(call, *[operands[i] for i in moved])[1](cotangents)

    operands = [jaxprs.get_struct(x) for x in equation.invars]
    cotangents = [jaxprs.get_struct(equation.outvars[j]) for j in seen]
    return Pullback(jax.make_jaxpr(back)(operands, cotangents), moved, seen)


class MissingDerivatives(NamedTuple):
    """Equations whose reverse derivative cannot be traced, as id -> JAX's reason.

    Attributes:
        alone: those that fail when each operand that may have a tangent has one.
        underivable: those that also fail inside this program; empty if the gradient of the loss
            can be traced.
    """

    alone: dict[int, str]
    underivable: dict[int, str]


def find_missing_derivatives(closed: Any, leaf_count: int) -> MissingDerivatives:
    """Finds the equations whose reverse derivative JAX cannot trace, wherever they are.

    Equations inside loops and branches are looked at one by one. A `while` itself is never listed.
    Nothing is computed.

    Args:
        closed: the program as a closed jaxpr; the loss is its first output.
        leaf_count: number of leaves, which are the first inputs of the program.

    Returns:
        The equations that fail alone, and those of them that make the gradient of the loss with
        respect to the leaves fail: all of them, or none if that gradient can be traced.
    """
    asked: dict[Any, str | None] = {}
    found = {}
    for equation in _list_equations(closed):
        key = _make_key(equation)
        if key not in asked:
            asked[key] = _explain_missing(equation)
        if (why := asked[key]) is not None:
            found[id(equation)] = why
    has_gradient = not found or _has_gradient(closed, leaf_count)
    return MissingDerivatives(found, {} if has_gradient else found)


def stop_tangents(closed: Any, equations: dict[int, str]) -> Any:
    """Returns the program with a `stop_gradient` on the operands of some of its equations.

    Args:
        closed: the program as a closed jaxpr.
        equations: `id(equation)` -> JAX's reason, for these equations of the program or of its
            sub-jaxprs; only the keys are used.
    """
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]
    return jax.make_jaxpr(lambda *given: _TangentStopper(equations).run(closed, given)[0])(*inputs)


class _TangentStopper(Interpreter):
    """Runs a jaxpr and stops the tangents of the operands of some equations."""

    def __init__(self, equations: dict[int, str]) -> None:
        self._equations = equations

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Returns the results of an equation; no tangent enters one of those chosen."""
        if id(site.equation) not in self._equations:
            return super().compute(site, operands, feed)
        if site.equation.primitive.name in jaxprs.CUSTOM_RULES:
            return self.run(jaxprs.get_custom_body(site.equation), jaxprs.detach(operands))[0]
        return super().compute(site, jaxprs.detach(operands), feed)


def _list_equations(closed: Any) -> Iterator[Any]:
    """Yields the equations to trace, each sub-jaxpr once; the function of a rule is not entered."""
    queue, done = [jaxprs.open_jaxpr(closed)], set()
    while queue:
        jaxpr = queue.pop()
        if id(jaxpr) in done:
            continue
        done.add(id(jaxpr))
        for equation in jaxpr.eqns:
            name = equation.primitive.name
            if jaxprs.find_callee(equation) is not None or name in _AS_A_WHOLE:
                queue += map(jaxprs.open_jaxpr, jaxprs.find_sub_jaxprs(equation))
            elif name not in _SURE and not (name in jaxprs.CUSTOM_RULES and is_jax_rule(equation)):
                yield equation


def _make_key(equation: Any) -> Any:
    """Returns a key shared by equal equations; each call of a custom rule has its own."""
    if equation.primitive.name in jaxprs.CUSTOM_RULES:
        return id(equation)
    shapes = tuple(str(x.aval) for x in (*equation.invars, *equation.outvars))
    key = (equation.primitive, shapes, tuple(equation.params.items()))
    try:
        hash(key)
    except TypeError:
        return id(equation)
    return key


def _explain_missing(equation: Any) -> str | None:
    """Returns JAX's reason why an equation has no reverse derivative, None if it has one."""
    if any(map(jaxprs.is_reference, equation.invars)):
        return None
    try:
        if _has_tangents(equation):
            trace_pullback(equation)
    except NameError:  # the equation alone does not know the axis of its mesh
        return None
    except Exception as error:
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return None


def _has_tangents(equation: Any) -> bool:
    return any(map(_is_moved, equation.invars)) and any(
        map(jaxprs.is_differentiable, equation.outvars)
    )


def _is_moved(operand: Any) -> bool:
    return jaxprs.is_differentiable(operand) and not jaxprs.is_literal(operand)


def _has_gradient(closed: Any, leaf_count: int) -> bool:
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]

    def loss(moved: list[Any], rest: list[Any]) -> Any:
        return Interpreter().run(closed, [*moved, *rest])[0][0]

    try:
        jax.eval_shape(jax.grad(loss), inputs[:leaf_count], inputs[leaf_count:])
    except Exception:
        return False
    return True
