"""A loss as a program: one jaxpr whose first inputs are the leaves that can learn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program import jaxprs
from checks.program.leaves import Partition, leaf_names, partition
from checks.program.places import raised_at

_UNTRACEABLE = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


class NotALoss(ValueError):
    """What was given is no loss that can be checked; the message says why in one sentence."""


@dataclass(frozen=True)
class Program:
    """A traced loss.

    Attributes:
        jaxpr: closed; inputs are `params.learning`, `params.held`, `args.learning`, `args.held`;
            outputs are the loss and then every array of the auxiliary output.
        params: the parameters taken apart.
        args: the tuple of further arguments taken apart.
        outputs: names of the outputs; the first is `loss`.
    """

    jaxpr: Any
    params: Partition
    args: Partition
    outputs: tuple[str, ...]

    @property
    def leaf_count(self) -> int:
        """Number of leaves that can learn, hence of inputs that the verdicts are about."""
        return len(self.params.names)

    def inputs(self, learning: Sequence[Any], args: Partition) -> list[Any]:
        """All inputs of the jaxpr for these leaves and arguments."""
        return [*learning, *self.params.held, *args.learning, *args.held]


def trace(loss: Callable[..., Any], params: Any, args: tuple[Any, ...]) -> Program:
    """Traces `loss(params, *args)`; leaves may be arrays or `jax.ShapeDtypeStruct`s.

    Raises:
        NotALoss: no parameters, the loss raises or cannot be traced, gives no real scalar, or is
            another program when it is traced again.
    """
    params_parts, args_parts = partition(params), partition(args)
    if not params_parts.names:
        raise NotALoss(
            "a loss needs parameters: got a pytree without one floating-point array; "
            "pass the parameters as the first argument after the loss"
        )
    outputs: list[str] = []
    sizes = [len(params_parts.learning), len(params_parts.held), len(args_parts.learning)]

    def flat(*inputs: Any) -> list[Any]:
        parts, rest = [], list(inputs)
        for size in sizes:
            parts.append(rest[:size])
            rest = rest[size:]
        built_params = params_parts.build(parts[0], parts[1])
        names, values = _outputs(loss(built_params, *args_parts.build(parts[2], rest)))
        outputs[:] = names
        return values

    inputs = Program(None, params_parts, args_parts, ()).inputs(params_parts.learning, args_parts)
    jaxpr = _make_jaxpr(flat, inputs)
    if not _same_program(jaxpr, _make_jaxpr(lambda *again: flat(*again), inputs)):
        raise impure("two different programs from two traces")
    return Program(jaxpr, params_parts, args_parts, tuple(outputs))


def impure(got: str) -> NotALoss:
    """The error for a loss whose calls differ."""
    return NotALoss(
        f"a loss must be the same function at every call: got {got}; pass what changes (random "
        "numbers, counters) as an argument"
    )


def _same_program(first: Any, second: Any) -> bool:
    """Whether two jaxprs are the same equations on the same constants (a pure loss's are)."""
    pairs = [(first, second)]
    while pairs:
        one, two = pairs.pop()
        if not _same_constants(one, two) or len(one.eqns) != len(two.eqns):
            return False
        for a, b in zip(one.eqns, two.eqns):
            if a.primitive is not b.primitive or _settings(a) != _settings(b):
                return False
            if not _same_literals(a, b):
                return False
            pairs += zip(jaxprs.sub_jaxprs(a), jaxprs.sub_jaxprs(b))
    return True


def _make_jaxpr(function: Callable[..., Any], inputs: list[Any]) -> Any:
    try:
        return jax.make_jaxpr(function)(*inputs)
    except NotALoss:
        raise
    except _UNTRACEABLE as error:
        got, (said, where) = type(error).__name__, _first_words(error)
        raise NotALoss(f"a loss must be traceable by JAX: got {got}{where}: {said}") from error
    except Exception as error:
        got, (said, where) = type(error).__name__, _first_words(error)
        raise NotALoss(f"a loss must not raise: got {got}: {said}{where}") from error


def _first_words(error: Exception) -> tuple[str, str]:
    """The first line of an exception's message, and ` at path:line` in the user's code."""
    lines, place = str(error).strip().splitlines(), raised_at(error)
    return lines[0] if lines else "no message", f" at {place}" if place else ""


def _outputs(result: Any) -> tuple[list[str], list[Any]]:
    """Names and arrays of what the loss returned, the scalar first."""
    aux: Any = ()
    if isinstance(result, tuple) and result:
        result, aux = result[0], result[1:]
    value = _scalar(result)
    pairs = jax.tree_util.tree_leaves_with_path(aux[0] if len(aux) == 1 else aux)
    arrays = [(path, leaf) for path, leaf in pairs if hasattr(leaf, "dtype")]
    names = [name or "aux" for name in leaf_names([path for path, _ in arrays])]
    return ["loss", *names], [value, *(leaf for _, leaf in arrays)]


def _scalar(result: Any) -> Any:
    way_out = "return one real scalar, or a tuple of it and anything else"
    if not (hasattr(result, "dtype") or isinstance(result, float)):
        raise NotALoss(f"a loss must be a number: got {type(result).__name__}; {way_out}")
    value = jnp.asarray(result)
    if value.shape != ():
        raise NotALoss(f"a loss must be a scalar: got shape {value.shape}; {way_out}")
    if not jnp.issubdtype(value.dtype, jnp.floating):
        raise NotALoss(f"a loss must be a real floating-point number: got {value.dtype}; {way_out}")
    return value


def _settings(equation: Any) -> list[Any]:
    """Shapes and types of the results, and the numbers among the equation's parameters."""
    shapes = [(x.aval.shape, x.aval.dtype) for x in equation.outvars if hasattr(x.aval, "shape")]
    return [shapes, *(x for x in equation.params.values() if isinstance(x, int | float | str))]


def _same_literals(one: Any, two: Any) -> bool:
    if len(one.invars) != len(two.invars):
        return False
    pairs = [(a, b) for a, b in zip(one.invars, two.invars) if hasattr(a, "val")]
    return all(hasattr(b, "val") and _equal(a.val, b.val) for a, b in pairs)


def _same_constants(one: Any, two: Any) -> bool:
    a, b = getattr(one, "consts", ()), getattr(two, "consts", ())
    return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b))


def _equal(one: Any, two: Any) -> bool:
    if one is two:
        return True
    if jnp.shape(one) != jnp.shape(two) or jnp.result_type(one) != jnp.result_type(two):
        return False
    if jnp.issubdtype(jnp.result_type(one), jax.dtypes.prng_key):
        one, two = jax.random.key_data(one), jax.random.key_data(two)
    is_float = jnp.issubdtype(jnp.result_type(one), jnp.inexact)
    return np.array_equal(np.asarray(one), np.asarray(two), equal_nan=bool(is_float))
