"""Which stage of an optax chain takes a leaf's update away.

Optax keeps the parts of a chain in the closures of its functions; there is no public way to list
them. Where they cannot be found the whole optimiser is one stage.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.points import root_mean_square
from checks.simulate import Chain, promoting


def blamed_stage(chain: Chain, leaves: Sequence[Any], gradients: Sequence[Any], leaf: int) -> str:
    """Name of the stage that makes the leaf's update smallest against what entered it."""
    params = chain.tree([jnp.asarray(x) for x in leaves])
    updates = chain.tree([jnp.asarray(x) for x in gradients])
    with promoting():
        return _blamed(chain.update, chain.init(leaves), params, updates, leaf)


def _blamed(update: Callable[..., Any], state: Any, params: Any, updates: Any, leaf: int) -> str:
    parts = _closed_over(_unwrapped(update)).get("update_fns")
    if not parts:
        return _name(update)
    worst, blamed = np.inf, _name(update)
    before = _size(updates, leaf)
    for part, own in zip(parts, state):
        entered = updates
        updates, _ = part(updates, own, params, value=jnp.float32(0))
        after = _size(updates, leaf)
        ratio = after / before if before else np.inf
        if ratio < worst:
            worst, blamed = ratio, _blamed(part, own, params, entered, leaf)
        before = after
    return blamed


def _size(updates: Any, leaf: int) -> float:
    return root_mean_square(np.asarray(jax.tree.leaves(updates)[leaf]))


def _unwrapped(update: Callable[..., Any]) -> Callable[..., Any]:
    """The update function inside optax's wrapper for extra arguments."""
    inside = getattr(_closed_over(update).get("tx"), "update", None)
    return update if inside is None else _unwrapped(inside)


def _closed_over(function: Any) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or cells is None:
        return {}
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells)}


def _name(function: Any) -> str:
    """`scale_by_adam.<locals>.update_fn` -> `scale_by_adam`."""
    function = _unwrapped(function)
    return getattr(function, "__qualname__", type(function).__name__).split(".")[0]
