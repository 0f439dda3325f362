"""Traces a loss to a program: one jaxpr whose first inputs are the leaves that can learn.

The module depends on the other modules of `checks/program` only.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program import jaxprs
from checks.program.fresh_traces import forget_traces
from checks.program.leaves import Partition, name_leaves, partition
from checks.program.places import find_raise_line
from checks.program.wrong_call import find_wrong_call

_UNTRACEABLE = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


class NotALoss(ValueError):
    """The function cannot be checked as a loss; the message says why in one sentence."""


@dataclass(frozen=True)
class Program:
    """A traced loss.

    Attributes:
        jaxpr: closed; inputs are `params.learning`, `params.fixed`, `args.learning`, `args.fixed`;
            outputs are the loss and then every array of the auxiliary output.
        params: the parameters, split by `partition`.
        args: the tuple of further arguments, split likewise.
        outputs: names of the outputs; the first is `loss`.
        loss: the function that was traced, to trace it with other shapes; None if it is not known.
        function: from the inputs to the outputs, the function that was traced; None for a program
            that was made in another way.
    """

    jaxpr: Any
    params: Partition
    args: Partition
    outputs: tuple[str, ...]
    loss: Callable[..., Any] | None = None
    function: Callable[..., list[Any]] | None = None

    @property
    def leaf_count(self) -> int:
        """The number of leaves that can learn, each of which gets a verdict."""
        return len(self.params.names)

    def list_inputs(self, learning: Sequence[Any], args: Partition) -> list[Any]:
        """Returns all inputs of the jaxpr, in their order.

        Args:
            learning: one array for each leaf of the parameters that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        return [*learning, *self.params.fixed, *args.learning, *args.fixed]


def trace(loss: Callable[..., Any], params: Any, args: tuple[Any, ...]) -> Program:
    """Traces `loss(params, *args)` twice, and computes nothing.

    The second trace of a loss with custom rules uses nothing that was traced before, because the
    equations of rules remember what they were asked.

    Args:
        loss: returns one real scalar, or a tuple of it and auxiliary output.
        params: a pytree; its leaves may be arrays or `jax.ShapeDtypeStruct`s. At least one is
            floating or complex.
        args: the further arguments, pytrees likewise.

    Returns:
        The program, with the parameters and arguments that it was traced with.

    Raises:
        NotALoss: there are no parameters, or something else was handed in; or the loss raises,
            cannot be traced, returns no real scalar, or becomes another program when it is traced
            again.
    """
    if sentence := find_wrong_call(loss, params):
        raise NotALoss(sentence)
    params_parts, args_parts = partition(params), partition(args)
    if not params_parts.names:
        raise NotALoss(
            "a loss needs parameters: got a pytree without one floating-point array; "
            "pass the parameters as the first argument after the loss"
        )
    outputs: list[str] = []
    sizes = [len(params_parts.learning), len(params_parts.fixed), len(args_parts.learning)]

    def flat(*inputs: Any) -> list[Any]:
        parts, rest = [], list(inputs)
        for size in sizes:
            parts.append(rest[:size])
            rest = rest[size:]
        built_params = params_parts.build(parts[0], parts[1])
        names, values = _name_outputs(loss(built_params, *args_parts.build(parts[2], rest)))
        outputs[:] = names
        return values

    inputs = Program(None, params_parts, args_parts, ()).list_inputs(
        params_parts.learning, args_parts
    )
    first = _make_jaxpr(flat, inputs)
    has_rules = bool(jaxprs.CUSTOM_RULES & jaxprs.collect_primitives(first))
    with forget_traces() if has_rules else nullcontext():
        second = _make_jaxpr(lambda *again: flat(*again), inputs)
    if not _is_same_program(first, second):
        raise make_impure_error("two different programs from two traces")
    jaxpr = second if has_rules else first
    return Program(jaxpr, params_parts, args_parts, tuple(outputs), loss, flat)


def make_impure_error(got: str) -> NotALoss:
    """Returns the error for a loss whose calls differ; it does not raise it.

    Args:
        got: what was seen, for the message: it follows the words "got".
    """
    return NotALoss(
        f"a loss must be the same function at every call: got {got}; pass what changes (random "
        "numbers, counters) as an argument"
    )


def _is_same_program(first: Any, second: Any) -> bool:
    """Returns whether two jaxprs have the same equations on the same constants."""
    pairs = [(first, second)]
    while pairs:
        one, two = pairs.pop()
        if not _has_same_constants(one, two) or len(one.eqns) != len(two.eqns):
            return False
        for a, b in zip(one.eqns, two.eqns):
            if a.primitive is not b.primitive or _list_settings(a) != _list_settings(b):
                return False
            if not _has_same_literals(a, b):
                return False
            pairs += zip(jaxprs.find_sub_jaxprs(a), jaxprs.find_sub_jaxprs(b))
    return True


def _make_jaxpr(function: Callable[..., Any], inputs: list[Any]) -> Any:
    try:
        return jax.make_jaxpr(function)(*inputs)
    except NotALoss:
        raise
    except _UNTRACEABLE as error:
        got, (said, where) = type(error).__name__, _describe_error(error)
        raise NotALoss(f"a loss must be traceable by JAX: got {got}{where}: {said}") from error
    except Exception as error:
        got, (said, where) = type(error).__name__, _describe_error(error)
        raise NotALoss(f"a loss must not raise: got {got}: {said}{where}") from error


def _describe_error(error: Exception) -> tuple[str, str]:
    """Returns the first line of an exception's message, and ` at path:line` in user code."""
    lines, place = str(error).strip().splitlines(), find_raise_line(error)
    return lines[0] if lines else "no message", f" at {place}" if place else ""


def _name_outputs(result: Any) -> tuple[list[str], list[Any]]:
    """Returns the names and the arrays of what the loss returned, the scalar first."""
    aux: Any = ()
    if isinstance(result, tuple) and result:
        result, aux = result[0], result[1:]
    value = _to_scalar(result)
    pairs = jax.tree_util.tree_leaves_with_path(aux[0] if len(aux) == 1 else aux)
    arrays = [(path, leaf) for path, leaf in pairs if hasattr(leaf, "dtype")]
    names = [name or "aux" for name in name_leaves([path for path, _ in arrays])]
    return ["loss", *names], [value, *(leaf for _, leaf in arrays)]


def _to_scalar(result: Any) -> Any:
    way_out = "return one real scalar, or a tuple of it and anything else"
    if not (hasattr(result, "dtype") or isinstance(result, float)):
        raise NotALoss(f"a loss must be a number: got {type(result).__name__}; {way_out}")
    value = jnp.asarray(result)
    if value.shape != ():
        raise NotALoss(f"a loss must be a scalar: got shape {value.shape}; {way_out}")
    if not jnp.issubdtype(value.dtype, jnp.floating):
        raise NotALoss(f"a loss must be a real floating-point number: got {value.dtype}; {way_out}")
    return value


def _list_settings(equation: Any) -> list[Any]:
    """Returns the shapes and types of the results, and the numbers among the parameters."""
    shapes = [(x.aval.shape, x.aval.dtype) for x in equation.outvars if hasattr(x.aval, "shape")]
    return [shapes, *(x for x in equation.params.values() if isinstance(x, int | float | str))]


def _has_same_literals(one: Any, two: Any) -> bool:
    if len(one.invars) != len(two.invars):
        return False
    pairs = [(a, b) for a, b in zip(one.invars, two.invars) if hasattr(a, "val")]
    return all(hasattr(b, "val") and _is_equal(a.val, b.val) for a, b in pairs)


def _has_same_constants(one: Any, two: Any) -> bool:
    a, b = getattr(one, "consts", ()), getattr(two, "consts", ())
    return len(a) == len(b) and all(_is_equal(x, y) for x, y in zip(a, b))


def _is_equal(one: Any, two: Any) -> bool:
    if one is two:
        return True
    if jnp.shape(one) != jnp.shape(two) or jnp.result_type(one) != jnp.result_type(two):
        return False
    if jnp.issubdtype(jnp.result_type(one), jax.dtypes.prng_key):
        one, two = jax.random.key_data(one), jax.random.key_data(two)
    is_float = jnp.issubdtype(jnp.result_type(one), jnp.inexact)
    return np.array_equal(np.asarray(one), np.asarray(two), equal_nan=bool(is_float))
