"""A call of `jax.grad` or `jax.value_and_grad`, as a loss with its parameters and arguments."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from checks.scripts.closure import lift_closure


@dataclass(frozen=True)
class GradientCall:
    """What a script differentiated.

    Attributes:
        loss: called as `loss(params, *args)`.
        params: the argument that was differentiated; a tuple if there were several.
        args: the other arguments; those that were passed by name are a dict at the end.
    """

    loss: Callable[..., Any]
    params: Any
    args: tuple[Any, ...]


def make_gradient_call(
    function: Callable[..., Any],
    argnums: int | Sequence[int],
    args: tuple[Any, ...],
    keywords: dict[str, Any],
) -> GradientCall | None:
    """Returns a gradient call as a loss; None if what is differentiated are no parameters.

    Arrays that the function reads from its closure become its last argument. A single number
    (`jax.grad(f)(2.0)`) is a derivative in an expression, not parameters.

    Args:
        function: what `jax.grad` was given.
        argnums: the positions of the differentiated arguments, as `jax.grad` takes them.
        args: the arguments of the call by position.
        keywords: the arguments of the call by name.
    """
    function, arrays = (function, {}) if keywords else lift_closure(function)
    args = (*args, arrays) if arrays else args
    count = len(args)
    chosen = [argnums] if isinstance(argnums, int) else list(argnums)
    if not all(-count <= i < count for i in chosen):
        return None
    places = [i % count for i in chosen]
    params = tuple(args[i] for i in places)
    if _count_floats(params) < 2:
        return None
    others = [i for i in range(count) if i not in places]
    rest = (*(args[i] for i in others), *([keywords] if keywords else []))
    is_single = isinstance(argnums, int)
    if places == [0] and is_single and not keywords:
        return GradientCall(function, params[0], rest)

    @functools.wraps(function)
    def loss(params: Any, *rest: Any) -> Any:
        named = rest[len(others)] if keywords else {}
        values = dict(zip(others, rest)) | dict(zip(places, [params] if is_single else params))
        return function(*(values[i] for i in range(count)), **named)

    return GradientCall(loss, params[0] if is_single else params, rest)


def has_tracers(tree: Any) -> bool:
    """Returns whether a leaf of a pytree is a tracer, which has a shape but no value.

    Args:
        tree: any pytree.
    """
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def _count_floats(tree: Any) -> int:
    """Returns the number of floating or complex elements of a pytree."""
    arrays = [leaf for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype")]
    return sum(x.size for x in arrays if jnp.issubdtype(x.dtype, jnp.inexact))
