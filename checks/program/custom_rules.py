"""Runs the calls of `custom_jvp` and `custom_vjp`, with rules that are traced once.

JAX keeps what a rule returned in the equation of its call. When the rule is asked again for other
operands, or raises, that is overwritten, and the next gradient through the equation fails or is
wrong. So each rule is asked once for each set of operands that get a tangent, in the types of the
program itself, and every run uses the jaxprs of that answer. The module depends on other modules
of `checks/program` only.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from checks.program import jaxprs
from checks.program.fresh_traces import forget_traces
from checks.program.jax_internals import copy_source
from checks.program.places import is_closed_rule
from checks.program.sites import StaticNode

# Runs a closed jaxpr on operands and returns the list of its outputs.
RunJaxpr = Callable[[Any, Sequence[Any]], list[Any]]


class RuleCall(NamedTuple):
    """One way in which the rule of a custom call is asked.

    Attributes:
        equation: an equation of `custom_jvp_call` or `custom_vjp_call`.
        moved: positions of the operands that get a tangent. The rule is asked for no others,
            because it may raise for them.
        seen: positions of the results that have a tangent.
        wide: True if the program was traced under `jax.enable_x64(True)`, False if not; the rule
            is traced likewise.
    """

    equation: Any
    moved: tuple[int, ...]
    seen: tuple[int, ...]
    wide: bool


class TracedRule(NamedTuple):
    """The jaxprs of a rule, closed.

    Attributes:
        first: of a `custom_jvp`, from all operands and the tangents of `moved` to all results and
            the tangents of `seen`. Of a `custom_vjp`, from all operands to all results and the
            residuals.
        second: of a `custom_vjp`, from the residuals and the cotangents of `seen` to the cotangents
            of `moved`; None of a `custom_jvp`.
    """

    first: Any
    second: Any


class UntraceableRule(Exception):
    """A custom rule raises when it is traced; the message gives its type and its first line."""


# Traces a rule, as `trace_rule` does.
AskRule = Callable[[RuleCall], TracedRule]
# The function behind a custom call -> what its rule answered, by call. The answers live as long as
# the function does. Another process-wide cache, that of JAX in the equation, is what they replace.
_ANSWERS: WeakKeyDictionary[Any, dict[Any, TracedRule | str]] = WeakKeyDictionary()


def is_own_rule(equation: Any) -> bool:
    """Returns whether an equation calls a custom rule in which a user's code may take part.

    The rules of JAX's own functions are left out, except of those that take a function.

    Args:
        equation: a jaxpr equation.
    """
    return equation.primitive.name in jaxprs.CUSTOM_RULES and not is_closed_rule(equation)


def trace_rule(call: RuleCall) -> TracedRule:
    """Traces a rule at its first call, and returns the same jaxprs at every later one.

    Args:
        call: the call of the rule, and which operands get a tangent.

    Raises:
        UntraceableRule: the rule raised when it was first asked.
    """
    answers = _ANSWERS.setdefault(jaxprs.get_custom_body(call.equation), {})
    key = call[1:]
    if key not in answers:
        answers[key] = _try_rule(call)
    answer = answers[key]
    if isinstance(answer, str):
        raise UntraceableRule(answer)
    return answer


def _try_rule(call: RuleCall) -> TracedRule | str:
    try:
        with jax.enable_x64(call.wide), forget_traces():
            is_forward = call.equation.primitive.name == "custom_jvp_call"
            return (_trace_forward if is_forward else _trace_reverse)(call)
    except Exception as error:
        return describe_error(error)


def describe_error(error: Exception) -> str:
    """Returns the type of an exception and the first line of its message, if it has one.

    Args:
        error: an exception that was raised.
    """
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _trace_forward(call: RuleCall) -> TracedRule:
    operands = [jaxprs.get_struct(x) for x in call.equation.invars]

    def jvp(*given: Any) -> list[Any]:
        primals = [given[i] for i in call.moved]
        values, slopes, results = jax.jvp(
            _make_call(call, given[: len(operands)]),
            primals,
            list(given[len(operands) :]),
            has_aux=True,
        )
        del values
        return [*results, *slopes]

    return TracedRule(jax.make_jaxpr(jvp)(*operands, *[operands[i] for i in call.moved]), None)


def _trace_reverse(call: RuleCall) -> TracedRule:
    trees: list[Any] = []

    def forward(*operands: Any) -> list[Any]:
        primals = [operands[i] for i in call.moved]
        _, pullback, results = jax.vjp(_make_call(call, operands), *primals, has_aux=True)
        residuals, tree = jax.tree.flatten(pullback)
        trees[:] = [tree]
        return [*results, *residuals]

    def backward(residuals: list[Any], cotangents: list[Any]) -> list[Any]:
        return list(jax.tree.unflatten(trees[0], residuals)(cotangents))

    first = jax.make_jaxpr(forward)(*[jaxprs.get_struct(x) for x in call.equation.invars])
    results = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(first).outvars]
    residuals = results[len(call.equation.outvars) :]
    cotangents = [jaxprs.get_struct(call.equation.outvars[j]) for j in call.seen]
    return TracedRule(first, jax.make_jaxpr(backward)(residuals, cotangents))


def _make_call(
    call: RuleCall, operands: Sequence[Any]
) -> Callable[..., tuple[list[Any], list[Any]]]:
    """Returns the call as a function of the moved operands, with all results as auxiliary."""

    def function(*values: Any) -> tuple[list[Any], list[Any]]:
        given = list(operands)
        for i, x in zip(call.moved, values):
            given[i] = x
        results = jaxprs.bind(call.equation, given)
        return [results[j] for j in call.seen], results

    return function


def run_plainly(jaxpr: Any, operands: Sequence[Any]) -> list[Any]:
    """Runs a closed jaxpr as JAX does.

    Args:
        jaxpr: a closed jaxpr.
        operands: one array for each of its inputs.
    """
    inner, constants = jaxprs.open_jaxpr(jaxpr), jaxprs.get_constants(jaxpr)
    return list(jax.core.eval_jaxpr(inner, constants, *operands))


def run_rule(
    equation: Any,
    operands: Sequence[Any],
    wide: bool,
    run: RunJaxpr = run_plainly,
    ask: AskRule = trace_rule,
) -> list[Any]:
    """Runs a custom call; a gradient through it uses its rule as it was traced.

    Args:
        equation: an equation of `custom_jvp_call` or `custom_vjp_call`.
        operands: its operands.
        wide: as in `RuleCall`.
        run: runs the jaxprs of the function and of the rule.
        ask: traces the rule.

    Returns:
        One array for each result.
    """
    operands = [x if isinstance(x, jax.Array) else jnp.asarray(x) for x in operands]
    is_forward = equation.primitive.name == "custom_jvp_call"
    make = _make_custom_jvp if is_forward else _make_custom_vjp
    results: Any = make(equation, wide, run, ask)(*operands)
    return list(results)


def _make_custom_jvp(equation: Any, wide: bool, run: RunJaxpr, ask: AskRule) -> Any:
    seen = _find_seen(equation)

    def function(*given: Any) -> Any:
        return run(jaxprs.get_custom_body(equation), given)

    def forward(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        moved = tuple(i for i, x in enumerate(tangents) if not isinstance(x, SymbolicZero))
        rule = ask(RuleCall(equation, moved, seen, wide))
        results = run(rule.first, [*primals, *(tangents[i] for i in moved)])
        count = len(results) - len(seen)
        values, slopes = results[:count], list(results[count:])
        return values, [
            slopes.pop(0) if j in seen else _make_no_tangent(x) for j, x in enumerate(values)
        ]

    copy_source(function, equation.params["call_jaxpr"])
    copy_source(forward, equation.params.get("jvp_jaxpr_fun"))
    custom = jax.custom_jvp(function)
    custom.defjvp(forward, symbolic_zeros=True)
    return custom


def _make_custom_vjp(equation: Any, wide: bool, run: RunJaxpr, ask: AskRule) -> Any:
    seen = _find_seen(equation)
    count = len(equation.outvars)

    def function(*given: Any) -> Any:
        return run(jaxprs.get_custom_body(equation), given)

    def forward(*given: Any) -> Any:
        moved = tuple(i for i, x in enumerate(given) if x.perturbed)
        rule = ask(RuleCall(equation, moved, seen, wide))
        results = run(rule.first, [x.value for x in given])
        return list(results[:count]), (StaticNode(moved), list(results[count:]))

    def backward(saved: Any, cotangents: list[Any]) -> tuple[Any, ...]:
        moved, residuals = saved[0].value, saved[1]
        rule = ask(RuleCall(equation, moved, seen, wide))
        slopes = run(rule.second, [*residuals, *(_fill_zeros(cotangents[j]) for j in seen)])
        back = dict(zip(moved, slopes))
        return tuple(back.get(i) for i in range(len(equation.invars)))

    copy_source(function, equation.params["call_jaxpr"])
    copy_source(backward, equation.params.get("bwd"))
    custom = jax.custom_vjp(function)
    custom.defvjp(forward, backward, symbolic_zeros=True)
    return custom


def _find_seen(equation: Any) -> tuple[int, ...]:
    return tuple(j for j, x in enumerate(equation.outvars) if jaxprs.is_differentiable(x))


def _fill_zeros(cotangent: Any) -> Any:
    """Returns an array of zeros for a symbolic zero, and arrays as they are."""
    if not isinstance(cotangent, SymbolicZero):
        return cotangent
    shape = jaxprs.get_struct(cotangent)
    return jnp.zeros(shape.shape, shape.dtype)


def _make_no_tangent(value: Any) -> Any:
    return np.zeros(value.shape, jax.dtypes.float0)
