"""Which equations JAX has no reverse derivative of, found by asking it, from shapes alone.

A kernel without a rule, a window reduction with an operation of the user's own, a custom rule that
raises: each makes `jax.grad` raise for the whole program. Here each is a finding with its line.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax

from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import is_jax_rule
from checks.program.sites import Site

# Handled as a whole: by what is inside them, or as cuts that are known beforehand.
_AS_A_WHOLE = frozenset({"scan", "while", "cond"}) | jaxprs.CALLBACKS | jaxprs.DEBUGGING
# Have one whatever their operands and settings are; these are most equations of any program.
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
        jaxpr: operands, then cotangents of `seen` -> cotangents of `moved`.
        moved: positions of the operands that get a cotangent.
        seen: positions of the results that give one.
    """

    jaxpr: Any
    moved: list[int]
    seen: list[int]


def pullback(equation: Any) -> Pullback:
    """Traces the reverse derivative of an equation; raises what JAX or a custom rule raises."""
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


class Missing(NamedTuple):
    """Equations whose reverse derivative cannot be traced, as id -> JAX's reason.

    Attributes:
        alone: with a tangent for each operand that may have one.
        underivable: in the program too; none where its gradient can be traced after all.
    """

    alone: dict[int, str]
    underivable: dict[int, str]


def missing_derivatives(closed: Any, leaf_count: int) -> Missing:
    """Equations without a reverse derivative.

    Args:
        closed: the program; the loss is its first output.
        leaf_count: number of its first inputs that the loss is differentiated by.
    """
    asked: dict[Any, str | None] = {}
    found = {}
    for equation in _equations(closed):
        key = _key(equation)
        if key not in asked:
            asked[key] = _why_not(equation)
        if (why := asked[key]) is not None:
            found[id(equation)] = why
    return Missing(found, {} if not found or _has_gradient(closed, leaf_count) else found)


def stop_tangents(closed: Any, equations: dict[int, str]) -> Any:
    """The same program, with the tangents of these equations' operands stopped."""
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(closed).invars]
    return jax.make_jaxpr(lambda *given: _Holder(equations).run(closed, given)[0])(*inputs)


class _Holder(Interpreter):
    def __init__(self, equations: dict[int, str]) -> None:
        self._equations = equations

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """The same results; no tangent enters the chosen equations."""
        if id(site.equation) not in self._equations:
            return super().compute(site, operands, feed)
        if site.equation.primitive.name in jaxprs.CUSTOM_RULES:
            return self.run(jaxprs.get_custom_body(site.equation), jaxprs.detach(operands))[0]
        return super().compute(site, jaxprs.detach(operands), feed)


def _equations(closed: Any) -> Iterator[Any]:
    """Equations that may be asked, each sub-jaxpr once; custom rules answer for their insides."""
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


def _key(equation: Any) -> Any:
    """What is equal has the same answer; a user's rule is asked at each call."""
    if equation.primitive.name in jaxprs.CUSTOM_RULES:
        return id(equation)
    shapes = tuple(str(x.aval) for x in (*equation.invars, *equation.outvars))
    key = (equation.primitive, shapes, tuple(equation.params.items()))
    try:
        hash(key)
    except TypeError:
        return id(equation)
    return key


def _why_not(equation: Any) -> str | None:
    if any(map(jaxprs.is_reference, equation.invars)):
        return None
    try:
        traced = pullback(equation) if _carries(equation) else None
        del traced
    except NameError:  # the axis of a mesh, which one equation alone does not know
        return None
    except Exception as error:
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return None


def _carries(equation: Any) -> bool:
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
