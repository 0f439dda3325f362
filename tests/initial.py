"""Initial parameters of variations of the tiny model, most of them from one compiled program."""

from functools import cache
from typing import Any

import jax

from pgat_jax import build, load_config
from pgat_jax.model.build import Model, Params


def draw_initial(model: Model) -> Params:
    """Returns the parameters of `model.init` at key 0.

    The draw of a leaf depends on its path, its shape and the key alone. So the leaves that the tiny
    model has too come from its program, which all tests share, and only the others are compiled.
    """
    tree = jax.eval_shape(model.init, jax.random.key(0))
    shapes, tiny = _name_leaves(tree), _name_leaves(_draw_tiny())
    others = [path for path, leaf in shapes.items() if _get_shape(tiny, path) != leaf.shape]

    @jax.jit
    def draw_others(key: jax.Array) -> list[jax.Array]:
        leaves = _name_leaves(model.init(key))
        return [leaves[path] for path in others]

    drawn = tiny | dict(zip(others, draw_others(jax.random.key(0)) if others else ()))
    return jax.tree.structure(tree).unflatten([drawn[path] for path in shapes])


def _get_shape(leaves: dict[str, Any], path: str) -> tuple[int, ...] | None:
    return leaves[path].shape if path in leaves else None


def _name_leaves(params: Any) -> dict[str, Any]:
    """Returns path -> leaf, in the order of the leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {jax.tree_util.keystr(path): leaf for path, leaf in leaves}


@cache
def _draw_tiny() -> Params:
    return build(load_config("tiny")).init(jax.random.key(0))
