"""Proves from an optimiser's own jaxpr that it never moves a leaf.

One step is run on values that are known to be the same number in every element, or not known at
all: a gradient, a parameter or the loss is not known; a literal, or a state that no step changes,
is. An update that comes out as zero is zero at every step, as long as all numbers are finite.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from checks.measure.chain import Chain, TracedStep
from checks.program import jaxprs
from checks.program.leaves import is_key

# A value with one number in every element; None where that is not known.
_Uniform = Any

# Primitives that compute each element of their result from the same elements of their operands.
_ELEMENTWISE = frozenset(
    {
        *("abs", "add", "and", "cbrt", "ceil", "clamp", "convert_element_type", "copy", "cos"),
        *("cosh", "div", "eq", "exp", "exp2", "expm1", "floor", "ge", "gt", "imag", "integer_pow"),
        *("is_finite", "le", "log", "log1p", "logistic", "lt", "max", "min", "mul", "ne", "neg"),
        *("not", "or", "pow", "real", "rem", "round", "rsqrt", "select_n", "sign", "sin", "sinh"),
        *("sqrt", "square", "stop_gradient", "sub", "tan", "tanh", "xor"),
    }
)
# Primitives whose result has the elements of their first operand, at other places.
_MOVES = frozenset(
    {
        *("broadcast_in_dim", "dynamic_slice", "expand_dims", "optimization_barrier", "reduce_max"),
        *("reduce_min", "reshape", "rev", "slice", "squeeze", "transpose"),
    }
)
# Primitives whose result is zero if their first operand is, or one of their first two.
_SUMS = frozenset({"cumsum", "div", "reduce_sum"})
_PRODUCTS = frozenset({"dot_general", "mul"})


def find_zero_updates(chain: Chain, leaves: Sequence[Any], state: Any) -> frozenset[int]:
    """Finds the leaves whose update is zero at every step, for all finite gradients and losses.

    Args:
        chain: the optimiser.
        leaves: the parameters.
        state: the optimiser's state, from which the steps go on.

    Returns:
        The indices of the leaves for which this is proved; there may be more.
    """
    traced = chain.trace(leaves, state)
    if traced is None:
        return frozenset()
    updates = _run_to_fixpoint(traced)
    return frozenset(i for i, x in enumerate(updates) if _is_zero(x))


def _run_to_fixpoint(traced: TracedStep) -> list[_Uniform]:
    """Returns the updates after forgetting every part of the state that a step changes."""
    known = [_find_uniform(x) for x in traced.state]
    while True:
        count = len(traced.leaves)
        inputs = [*[None] * count, *known, *[None] * (count + 1)]
        outputs = _run(traced.jaxpr, inputs)
        after, updates = outputs[count : count + len(known)], outputs[count + len(known) :]
        kept = [a if _is_same(a, b) else None for a, b in zip(known, after)]
        if all((a is None) == (b is None) for a, b in zip(known, kept)):
            return updates
        known = kept


def _run(jaxpr: Any, inputs: Sequence[_Uniform]) -> list[_Uniform]:
    """Runs a jaxpr on uniform and unknown values."""
    values = dict(zip(jaxprs.open_jaxpr(jaxpr).invars, inputs))
    constants = map(_find_uniform, jaxprs.get_constants(jaxpr))
    values.update(zip(jaxprs.open_jaxpr(jaxpr).constvars, constants))

    def read(atom: Any) -> _Uniform:
        return _find_uniform(atom.val) if jaxprs.is_literal(atom) else values.get(atom)

    for equation in jaxprs.open_jaxpr(jaxpr).eqns:
        results = _run_equation(equation, [read(x) for x in equation.invars])
        values.update(zip(equation.outvars, results))
    return [read(x) for x in jaxprs.open_jaxpr(jaxpr).outvars]


def _run_equation(equation: Any, operands: list[_Uniform]) -> list[_Uniform]:
    name, callee = equation.primitive.name, jaxprs.find_callee(equation)
    if callee is not None and name != "shard_map":
        return _run(callee, operands)
    if name in jaxprs.CUSTOM_RULES:
        return _run(jaxprs.get_custom_body(equation), operands)
    if name == "cond":
        return _run_branches(equation.params["branches"], operands)
    unknown = [None] * len(equation.outvars)
    if name in _MOVES:
        return [operands[0]] if len(unknown) == 1 else unknown
    if (name in _SUMS and _is_zero(operands[0])) or _has_zero_factor(name, operands):
        return [np.zeros((), equation.outvars[0].aval.dtype)]
    if name == "select_n" and operands[0] is None and _is_same(*operands[1:3]):
        return operands[1:2] if len(operands) == 3 else unknown
    if name == "select_n" and operands[0] is not None:
        return [operands[1 + int(operands[0])]]
    if name in _ELEMENTWISE and all(x is not None for x in operands):
        return [np.asarray(x) for x in jaxprs.bind(equation, list(operands))]
    return unknown


def _run_branches(branches: Sequence[Any], operands: list[_Uniform]) -> list[_Uniform]:
    """Returns the results of the branch that is taken, or else those that all branches share."""
    index, *rest = operands
    if index is not None:
        return _run(branches[min(max(int(index), 0), len(branches) - 1)], rest)
    results = [_run(branch, rest) for branch in branches]
    return [one[0] if all(_is_same(one[0], x) for x in one) else None for one in zip(*results)]


def _has_zero_factor(name: str, operands: Sequence[_Uniform]) -> bool:
    return name in _PRODUCTS and any(map(_is_zero, operands))


def _find_uniform(value: Any) -> _Uniform:
    """Returns the number in every element of an array, as an array without axes, or None."""
    if is_key(getattr(value, "dtype", None)):
        return None
    array = np.asarray(value)
    if not array.size or not (array == array.flat[0]).all():
        return None
    return array.reshape(-1)[0].reshape(())


def _is_zero(value: _Uniform) -> bool:
    return value is not None and value == 0


def _is_same(one: _Uniform, two: _Uniform) -> bool:
    return one is not None and two is not None and bool(one == two)
