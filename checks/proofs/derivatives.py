"""Finds the equations that have no reverse derivative in JAX, by tracing each of them.

A kernel without a rule, a window reduction with a user's operation, or a custom rule that raises
makes `jax.grad` raise for the whole program. This module finds each such equation. It needs shapes
alone and depends on `checks/program`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax

from checks.program import jaxprs
from checks.program.custom_rules import (
    RuleCall,
    TracedRule,
    UntraceableRule,
    describe_error,
    is_own_rule,
    run_rule,
    trace_rule,
)
from checks.program.interpret import Interpreter
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


class Derivatives(NamedTuple):
    """What was learned from tracing the derivatives of a program.

    Attributes:
        rules: `id(equation)` of the call of a custom rule -> its jaxprs, for each set of operands
            that have a tangent there. Calls that no tangent of a leaf reaches are left out.
        underivable: `id(equation)` -> JAX's reason, for the equations that have no reverse
            derivative in this program; empty if the gradient of the loss can be traced.
        failure: JAX's reason why the gradient of the loss cannot be traced though no tangent enters
            those equations; empty if it can.
    """

    rules: dict[int, dict[RuleCall, TracedRule]]
    underivable: dict[int, str]
    failure: str = ""


def trace_derivatives(closed: Any, leaf_count: int) -> Derivatives:
    """Traces the gradient of the loss, and finds the equations that have no reverse derivative.

    Each custom rule is traced for the operands that have a tangent in this program, and for no
    others. A rule that raises is stopped, and the gradient is traced again. Equations inside loops
    and branches are looked at one by one. A `while` itself is never listed. Nothing is computed.

    Args:
        closed: the program as a closed jaxpr; the loss is its first output.
        leaf_count: number of leaves, which are the first inputs of the program.
    """
    alone = _explain_alone(closed)
    if not alone and not any(map(is_own_rule, _list_equations(closed))):
        return Derivatives({}, {})
    stopped: dict[int, str] = {}
    while True:
        asker = _RuleAsker(stopped)
        failure = _explain_no_gradient(asker, closed, leaf_count)
        more = asker.refused or (alone if failure else {})
        if more.keys() <= stopped.keys():
            return Derivatives(asker.rules, stopped, failure)
        stopped = stopped | more


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

    def __init__(self, equations: Mapping[int, str]) -> None:
        self._equations = equations

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Returns the results of an equation; no tangent enters one of those chosen."""
        if id(site.equation) not in self._equations:
            return super().compute(site, operands, feed)
        if site.equation.primitive.name in jaxprs.CUSTOM_RULES:
            return self.run(jaxprs.get_custom_body(site.equation), jaxprs.detach(operands))[0]
        return super().compute(site, jaxprs.detach(operands), feed)


class _RuleAsker(_TangentStopper):
    """Runs a jaxpr, stops some tangents, and notes what the custom rules answer.

    Attributes:
        rules: as in `Derivatives`.
        refused: `id(equation)` of a call whose rule cannot be traced -> the reason.
    """

    def __init__(self, equations: Mapping[int, str]) -> None:
        super().__init__(equations)
        self.rules: dict[int, dict[RuleCall, TracedRule]] = {}
        self.refused: dict[int, str] = {}

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Returns the results of an equation; a custom rule is traced by `_ask`."""
        if id(site.equation) in self._equations or not is_own_rule(site.equation):
            return super().compute(site, operands, feed)
        is_wide = bool(jax.config.read("jax_enable_x64"))
        return run_rule(site.equation, operands, is_wide, ask=self._ask)

    def _ask(self, call: RuleCall) -> TracedRule:
        try:
            rule = trace_rule(call)
        except UntraceableRule as error:
            self.refused[id(call.equation)] = str(error)
            raise
        self.rules.setdefault(id(call.equation), {})[call] = rule
        return rule


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
            elif name not in _SURE and (name not in jaxprs.CUSTOM_RULES or is_own_rule(equation)):
                yield equation


def _explain_alone(closed: Any) -> dict[int, str]:
    """Returns the equations without a reverse derivative, apart from the calls of custom rules.

    They fail when each operand that may have a tangent has one; inside the program they may not.
    """
    asked: dict[Any, str | None] = {}
    found = {}
    for equation in _list_equations(closed):
        if equation.primitive.name in jaxprs.CUSTOM_RULES:
            continue
        key = _make_key(equation)
        if key not in asked:
            asked[key] = _explain_missing(equation)
        if (why := asked[key]) is not None:
            found[id(equation)] = why
    return found


def _make_key(equation: Any) -> Any:
    """Returns a key that is shared by equal equations."""
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
        return describe_error(error)
    return None


def _has_tangents(equation: Any) -> bool:
    return any(map(_is_moved, equation.invars)) and any(
        map(jaxprs.is_differentiable, equation.outvars)
    )


def _is_moved(operand: Any) -> bool:
    return jaxprs.is_differentiable(operand) and not jaxprs.is_literal(operand)


def _explain_no_gradient(interpreter: Interpreter, closed: Any, leaf_count: int) -> str:
    """Returns JAX's reason why the gradient of the loss cannot be traced, empty if it can."""
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]

    def loss(moved: list[Any], rest: list[Any]) -> Any:
        return interpreter.run(closed, [*moved, *rest])[0][0]

    try:
        jax.eval_shape(jax.grad(loss), inputs[:leaf_count], inputs[leaf_count:])
    except Exception as error:
        return describe_error(error)
    return ""
