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


def find_blamed_stages(
    chain: Chain, leaves: Sequence[Any], gradients: Sequence[Any], wanted: Sequence[int]
) -> dict[int, Stage]:
    """Finds for each wanted leaf the stage that makes its update smallest.

    That is the stage with the smallest quotient of the update after and before it. The stages are
    run once for all leaves, from the optimiser's initial state.

    Args:
        chain: the optimiser.
        leaves: the parameters, one array for each leaf that can learn.
        gradients: the gradient of each leaf, zeros for those without a derivative.
        wanted: indices of leaves.

    Returns:
        Leaf index -> the stage, the innermost one where chains are nested; the whole optimiser if
        its stages cannot be found.
    """
    params = chain.tree([jnp.asarray(x) for x in leaves])
    updates = chain.tree([jnp.asarray(x) for x in gradients])
    with allow_promotion():
        return _find(chain.update, (), chain.init(leaves), params, updates, wanted)


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
    wanted: Sequence[int],
) -> dict[int, Stage]:
    parts = get_closure(update).get("update_fns")
    blamed = {leaf: Stage(_get_name(update), path) for leaf in wanted}
    if not parts:
        return blamed
    worst = dict.fromkeys(wanted, np.inf)
    before = _measure_sizes(updates, wanted)
    for i, (part, own) in enumerate(zip(parts, state)):
        entered = updates
        updates, _ = part(updates, own, params, value=jnp.float32(0))
        after = _measure_sizes(updates, wanted)
        ratios = {k: after[k] / size if size else np.inf for k, size in before.items()}
        worse = [leaf for leaf in wanted if ratios[leaf] < worst[leaf]]
        worst |= {leaf: ratios[leaf] for leaf in worse}
        if worse:
            blamed |= _find(part, (*path, i), own, params, entered, worse)
        before = after
    return blamed


def _measure_sizes(updates: Any, wanted: Sequence[int]) -> dict[int, float]:
    """Returns leaf index -> root mean square of its update."""
    flat = jax.tree.leaves(updates)
    return {leaf: root_mean_square(np.asarray(flat[leaf])) for leaf in wanted}


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
