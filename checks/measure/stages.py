"""Which stage of an optax chain takes a leaf's update away, and a chain with one stage edited.

Optax keeps the parts of a chain in the closures of its functions; there is no public way to list
them. Where they cannot be found the whole optimiser is one stage.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.measure.points import root_mean_square
from checks.measure.simulate import Chain, promoting


class Stage(NamedTuple):
    """A part of an optimiser.

    Attributes:
        name: of the function that made it.
        path: its position in the chains that it stands in, outermost first.
    """

    name: str
    path: tuple[int, ...]


def blamed_stage(chain: Chain, leaves: Sequence[Any], gradients: Sequence[Any], leaf: int) -> Stage:
    """The stage that makes the leaf's update smallest against what entered it."""
    params = chain.tree([jnp.asarray(x) for x in leaves])
    updates = chain.tree([jnp.asarray(x) for x in gradients])
    with promoting():
        return _blamed(chain.update, (), chain.init(leaves), params, updates, leaf)


def with_stage(optimizer: Any, path: Sequence[int], edit: Callable[[Any], Any]) -> Any:
    """The optimiser with the stage at this path replaced by what `edit` makes of it."""
    if not path:
        return edit(optimizer)
    inits = closed_over(optimizer.init)["init_fns"]
    updates = closed_over(optimizer.update)["update_fns"]
    parts = list(map(optax.GradientTransformationExtraArgs, inits, updates))
    parts[path[0]] = with_stage(parts[path[0]], path[1:], edit)
    return optax.chain(*parts)


def closed_over(function: Any) -> dict[str, Any]:
    """Names and values in the closure of a function, inside optax's wrapper for extra arguments."""
    return _cells(_unwrapped(function))


def _blamed(
    update: Callable[..., Any],
    path: tuple[int, ...],
    state: Any,
    params: Any,
    updates: Any,
    leaf: int,
) -> Stage:
    parts = closed_over(update).get("update_fns")
    blamed = Stage(_name(update), path)
    if not parts:
        return blamed
    worst = np.inf
    before = _size(updates, leaf)
    for i, (part, own) in enumerate(zip(parts, state)):
        entered = updates
        updates, _ = part(updates, own, params, value=jnp.float32(0))
        after = _size(updates, leaf)
        ratio = after / before if before else np.inf
        if ratio < worst:
            worst, blamed = ratio, _blamed(part, (*path, i), own, params, entered, leaf)
        before = after
    return blamed


def _size(updates: Any, leaf: int) -> float:
    return root_mean_square(np.asarray(jax.tree.leaves(updates)[leaf]))


def _unwrapped(update: Callable[..., Any]) -> Callable[..., Any]:
    """The update function inside optax's wrapper for extra arguments."""
    inside = getattr(_cells(update).get("tx"), "update", None)
    return update if inside is None else _unwrapped(inside)


def _cells(function: Any) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or cells is None:
        return {}
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells)}


def _name(function: Any) -> str:
    """`scale_by_adam.<locals>.update_fn` -> `scale_by_adam`."""
    function = _unwrapped(function)
    return getattr(function, "__qualname__", type(function).__name__).split(".")[0]
