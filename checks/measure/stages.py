"""Finds the stage of an optax chain that makes a leaf's update smallest, and replaces stages.

Optax keeps the parts of a chain in the closures of its functions; there is no public way to list
them. Where they cannot be found, the whole optimiser is one stage.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.measure.chain import Chain, allow_promotion
from checks.measure.points import root_mean_square


class Stage(NamedTuple):
    """A part of an optimiser.

    Attributes:
        name: name of the optax function that made the stage, such as `scale_by_adam`.
        path: its positions in the chains around it, outermost first; `()` for the whole optimiser.
    """

    name: str
    path: tuple[int, ...]


def find_blamed_stage(
    chain: Chain, leaves: Sequence[Any], gradients: Sequence[Any], leaf: int
) -> Stage:
    """Finds the stage with the smallest quotient of the leaf's update after and before it.

    The stages are run once, from the optimiser's initial state.

    Args:
        chain: the optimiser.
        leaves: the parameters, one array for each leaf that can learn.
        gradients: the gradient of each leaf, zeros for those without a derivative.
        leaf: index of the leaf.

    Returns:
        The stage, the innermost one where chains are nested; the whole optimiser if its stages
        cannot be found.
    """
    params = chain.tree([jnp.asarray(x) for x in leaves])
    updates = chain.tree([jnp.asarray(x) for x in gradients])
    with allow_promotion():
        return _find(chain.update, (), chain.init(leaves), params, updates, leaf)


def replace_stage(optimizer: Any, path: Sequence[int], edit: Callable[[Any], Any]) -> Any:
    """Returns the optimiser with one stage replaced.

    Args:
        optimizer: an optax transformation.
        path: the path of a `Stage` of this optimiser; an empty one replaces the whole optimiser.
        edit: called as `edit(stage)` with the old transformation; returns the new one.
    """
    if not path:
        return edit(optimizer)
    inits = get_closure(optimizer.init)["init_fns"]
    updates = get_closure(optimizer.update)["update_fns"]
    parts = list(map(optax.GradientTransformationExtraArgs, inits, updates))
    parts[path[0]] = replace_stage(parts[path[0]], path[1:], edit)
    return optax.chain(*parts)


def get_closure(function: Any) -> dict[str, Any]:
    """Returns the closure of a function inside optax's wrapper for extra arguments, by name.

    Args:
        function: the `init` or `update` function of an optax transformation.

    Returns:
        Name of a variable that the function closes over -> its value; empty if there is none.
    """
    return _get_cells(_unwrap(function))


def _find(
    update: Callable[..., Any],
    path: tuple[int, ...],
    state: Any,
    params: Any,
    updates: Any,
    leaf: int,
) -> Stage:
    parts = get_closure(update).get("update_fns")
    blamed = Stage(_get_name(update), path)
    if not parts:
        return blamed
    worst = np.inf
    before = _measure_size(updates, leaf)
    for i, (part, own) in enumerate(zip(parts, state)):
        entered = updates
        updates, _ = part(updates, own, params, value=jnp.float32(0))
        after = _measure_size(updates, leaf)
        ratio = after / before if before else np.inf
        if ratio < worst:
            worst, blamed = ratio, _find(part, (*path, i), own, params, entered, leaf)
        before = after
    return blamed


def _measure_size(updates: Any, leaf: int) -> float:
    return root_mean_square(np.asarray(jax.tree.leaves(updates)[leaf]))


def _unwrap(update: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the update function inside optax's wrapper for extra arguments."""
    inside = getattr(_get_cells(update).get("tx"), "update", None)
    return update if inside is None else _unwrap(inside)


def _get_cells(function: Any) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or cells is None:
        return {}
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells)}


def _get_name(function: Any) -> str:
    """Returns `scale_by_adam` for `scale_by_adam.<locals>.update_fn`."""
    function = _unwrap(function)
    return getattr(function, "__qualname__", type(function).__name__).split(".")[0]
