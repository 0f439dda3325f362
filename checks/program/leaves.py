"""Which leaves of a pytree can learn, what they are called, and how to put them back.

The leaves that get a verdict are arrays of floating or complex type. Python floats count too,
except as attributes of a module, where they are settings such as a dropout rate. All others
(integers, bools, PRNG keys, functions, strings) are skipped, and said to be. Python integers and
bools stay what they are, so that a loss may branch on them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Partition:
    """A pytree taken apart into leaves that can learn, other arrays, and static rest.

    `build(learning, held)` is its inverse: it puts two lists of arrays (or tracers) back.
    """

    names: tuple[str, ...]
    learning: tuple[Any, ...]
    held: tuple[Any, ...]
    skipped: dict[str, str]
    kinds: tuple[str, ...]
    static: tuple[Any, ...]
    treedef: Any

    def build(self, learning: Sequence[Any], held: Sequence[Any]) -> Any:
        """The pytree with these arrays in the places of the ones it was taken apart into."""
        sources = {"learning": iter(learning), "held": iter(held), "static": iter(self.static)}
        return jax.tree_util.tree_unflatten(self.treedef, [next(sources[k]) for k in self.kinds])

    def build_learning(self, learning: Sequence[Any]) -> Any:
        """The pytree with None in place of everything that cannot learn."""
        values = iter(learning)
        leaves = [next(values) if kind == "learning" else None for kind in self.kinds]
        return jax.tree_util.tree_unflatten(self.treedef, leaves)


def partition(tree: Any) -> Partition:
    """Takes a pytree of arrays, `jax.ShapeDtypeStruct`s and anything else apart."""
    pairs, treedef = jax.tree_util.tree_flatten_with_path(tree)
    names = leaf_names([path for path, _ in pairs])
    leaves = [leaf for _, leaf in pairs]
    kinds = tuple(_kind(path, leaf) for path, leaf in pairs)

    def pick(kind: str) -> list[tuple[str, Any]]:
        return [(n, x) for n, x, k in zip(names, leaves, kinds, strict=True) if k == kind]

    return Partition(
        names=tuple(name for name, _ in pick("learning")),
        learning=tuple(as_array(leaf) for _, leaf in pick("learning")),
        held=tuple(as_array(leaf) for _, leaf in pick("held")),
        skipped={name: _why(leaf) for name, leaf in pick("held") + pick("static")},
        kinds=kinds,
        static=tuple(leaf for _, leaf in pick("static")),
        treedef=treedef,
    )


def leaf_names(paths: Sequence[Any]) -> list[str]:
    """Path parts joined by `/`; leaves whose short names collide take the full `keystr` form."""
    short = [jax.tree_util.keystr(path, simple=True, separator="/") for path in paths]
    count = Counter(short)
    full = (jax.tree_util.keystr(path) for path in paths)
    return [f if count[s] > 1 else s for s, f in zip(short, full, strict=True)]


def as_array(leaf: Any) -> Any:
    """A Python or numpy number as a JAX array; arrays, keys and shapes pass as they are."""
    if isinstance(leaf, bool | int | float | complex | np.generic | np.ndarray):
        return jnp.asarray(leaf)
    return leaf


def is_key(dtype: Any) -> bool:
    """Whether a dtype is that of typed PRNG keys."""
    return jnp.issubdtype(dtype, jax.dtypes.prng_key)


def _kind(path: Any, leaf: Any) -> str:
    if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
        is_setting = path and isinstance(path[-1], jax.tree_util.GetAttrKey)
        return "static" if is_setting else "learning"
    dtype = getattr(leaf, "dtype", None)
    if isinstance(leaf, bool | int):
        return "static"
    if dtype is None or not hasattr(leaf, "shape"):
        return "static"
    if is_key(dtype):
        return "held"
    if not (jnp.issubdtype(dtype, np.number) or jnp.issubdtype(dtype, np.bool_)):
        return "static"
    return "learning" if jnp.issubdtype(dtype, jnp.inexact) else "held"


def _why(leaf: Any) -> str:
    if isinstance(leaf, float | complex):
        return "a setting of a module: make it an array if it should learn"
    dtype = getattr(leaf, "dtype", None)
    return f"not a float: {dtype if dtype is not None else type(leaf).__name__}"
