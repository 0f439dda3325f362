"""Proves which elements of a gradient are zero for every input, at the given parameters.

Every array of the gradient's program gets a mask: where it may be other than zero. A mask follows
from the masks of the operands alone, so it does not depend on the data. The module depends on
`checks/program`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.measure.points import Point
from checks.measure.readings import narrow_point
from checks.program import jaxprs
from checks.program.jax_internals import get_bind_params
from checks.program.runner import QUICK, Runner

# Computed on masks as on numbers: sums of products of the operands.
_SUMS = frozenset(
    {"add", "add_any", "mul", "dot_general", "conv_general_dilated", "reduce_sum", "cumsum"}
    | {"broadcast_in_dim", "reshape", "transpose", "squeeze", "slice", "rev", "copy", "pad"}
    | {"concatenate", "expand_dims", "reduce_window_sum", "reduce_max"}
)
# The result may be other than zero where the first operand may.
_LIKE_FIRST = frozenset(
    {"neg", "abs", "sign", "sqrt", "tanh", "sin", "real", "imag", "square", "convert_element_type"}
    | {"div", "reduce_precision", "floor", "ceil", "round", "stop_gradient", "conj", "erf", "cbrt"}
)
_LIKE_ANY = frozenset({"sub", "max", "min", "atan2"})
# Read or write at places that depend on the data: any element may come from any other.
_ANYWHERE = frozenset(
    {"gather", "scatter-add", "scatter_add", "dynamic_slice", "dynamic_update_slice", "scatter"}
)


def find_possible(runner: Runner, point: Point) -> dict[int, np.ndarray]:
    """Finds which elements of the gradient may be other than zero at some input.

    Args:
        runner: the compiled program.
        point: its parameters are those of the gradient; of its inputs only the shapes count.

    Returns:
        Index of a watched leaf -> booleans in the shape of the leaf. False is a proof: the element
        is exactly zero, whatever the inputs are.
    """
    program = runner.program
    closed, inputs = runner.trace_gradient(*narrow_point(runner, point))
    known = program.leaf_count + len(program.params.fixed)
    masks = [_mask(x) if i < known else _ones(x) for i, x in enumerate(inputs)]
    run = jax.jit(lambda given: _run(closed, given), compiler_options=QUICK)
    _, *found = run(masks)
    return {leaf: np.asarray(mask) > 0 for leaf, mask in zip(runner.watched, found)}


def _mask(value: Any) -> Any:
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return _ones(value)
    return (jnp.asarray(value) != 0).astype(jnp.float32)


def _ones(value: Any) -> Any:
    return jnp.ones(jnp.shape(value), jnp.float32)


def _run(closed: Any, operands: Sequence[Any]) -> list[Any]:
    """Returns the masks of the outputs of a jaxpr."""
    jaxpr, masks = jaxprs.open_jaxpr(closed), {}
    masks.update(zip(jaxpr.constvars, map(_mask, jaxprs.get_constants(closed))))
    masks.update(zip(jaxpr.invars, operands))

    def read(atom: Any) -> Any:
        return _mask(jnp.asarray(atom.val)) if jaxprs.is_literal(atom) else masks[atom]

    for equation in jaxpr.eqns:
        masks.update(zip(equation.outvars, _apply(equation, list(map(read, equation.invars)))))
    return list(map(read, jaxpr.outvars))


def _apply(equation: Any, masks: list[Any]) -> list[Any]:
    name = equation.primitive.name
    if name in _CONTROL:
        return _CONTROL[name](equation, masks)
    if name in jaxprs.CUSTOM_RULES:
        return _run(jaxprs.get_custom_body(equation), masks)
    if (inner := jaxprs.find_callee(equation)) is not None and not jaxprs.is_opaque(equation):
        return _run(inner, masks)
    shapes = [x.aval.shape for x in equation.outvars]
    if name in _SUMS:
        return [_sum(equation, masks)]
    if name in _LIKE_FIRST or (name == "integer_pow" and equation.params["y"] > 0):
        return [jnp.broadcast_to(masks[0], shapes[0])]
    if name in _LIKE_ANY:
        return [jnp.broadcast_to(jnp.maximum(masks[0], masks[1]), shapes[0])]
    if name == "select_n":
        return [jnp.max(jnp.stack(masks[1:]), axis=0)]
    if name in _ANYWHERE:
        arrays = [masks[0], masks[-1]] if name.startswith("scatter") else masks[:2]
        arrays = arrays if name not in ("gather", "dynamic_slice") else masks[:1]
        top = jnp.stack([x.max(initial=0.0) for x in arrays]).max()
        return [jnp.broadcast_to(top, shapes[0])]
    return [jnp.ones(getattr(x.aval, "shape", ()), jnp.float32) for x in equation.outvars]


def _sum(equation: Any, masks: list[Any]) -> Any:
    params = dict(equation.params)
    if "preferred_element_type" in params:
        params |= {"preferred_element_type": jnp.dtype("float32"), "precision": None}
    given = get_bind_params(equation.primitive, params)
    result = equation.primitive.bind(*masks, **given)
    result = result[0] if equation.primitive.multiple_results else result
    return (result > 0).astype(jnp.float32)


def _scan(equation: Any, masks: list[Any]) -> list[Any]:
    constants, carries = jaxprs.count_scan_inputs(equation)
    fixed, first = masks[:constants], masks[constants : constants + carries]
    each = [x.max(axis=0, initial=0.0) for x in masks[constants + carries :]]
    body = equation.params["jaxpr"]

    def step(state: Any) -> Any:
        carry, _ = state
        new = _run(body, [*fixed, *carry, *each])[:carries]
        union = [jnp.maximum(x, y) for x, y in zip(carry, new)]
        grows = [jnp.any(x != y) for x, y in zip(carry, union)]
        return union, jnp.any(jnp.stack(grows)) if grows else jnp.array(False)

    carry, _ = lax.while_loop(lambda state: state[1], step, (list(first), jnp.array(True)))
    outputs = _run(body, [*fixed, *carry, *each])[carries:]
    length = equation.params["length"]
    return [*carry, *(jnp.broadcast_to(x, (length, *x.shape)) for x in outputs)]


def _cond(equation: Any, masks: list[Any]) -> list[Any]:
    branches = [_run(branch, masks[1:]) for branch in equation.params["branches"]]
    return [jnp.max(jnp.stack(same), axis=0) for same in zip(*branches)]


_CONTROL: dict[str, Callable[[Any, list[Any]], list[Any]]] = {"scan": _scan, "cond": _cond}
