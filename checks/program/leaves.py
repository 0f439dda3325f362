"""Splits a pytree into leaves that can learn and others, names the leaves, and rebuilds the pytree.

Arrays of floating or complex type can learn, and get a verdict. So do Python floats, except as
attributes of a module, where they are settings such as a dropout rate. All others (integers, bools,
PRNG keys, functions, strings) are skipped and listed as skipped. Python integers and bools stay
Python values, so that a loss may branch on them. The module depends on JAX only.
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
    """A pytree split into leaves that can learn, other arrays and static values.

    Attributes:
        names: names of the leaves that can learn.
        learning: those leaves; arrays or `jax.ShapeDtypeStruct`s.
        fixed: the other arrays: integers, bools and PRNG keys.
        skipped: name of each leaf that cannot learn -> why.
        kinds: for each leaf of the pytree, `learning`, `fixed` or `static`.
        static: the other leaves, such as functions, strings and Python integers.
        treedef: the structure of the pytree.
    """

    names: tuple[str, ...]
    learning: tuple[Any, ...]
    fixed: tuple[Any, ...]
    skipped: dict[str, str]
    kinds: tuple[str, ...]
    static: tuple[Any, ...]
    treedef: Any

    def build(self, learning: Sequence[Any], fixed: Sequence[Any]) -> Any:
        """Rebuilds the pytree with its static values; the inverse of `partition`.

        Args:
            learning: as many arrays or tracers as `self.learning` has, in its order.
            fixed: as many arrays or tracers as `self.fixed` has, in its order.
        """
        sources = {"learning": iter(learning), "fixed": iter(fixed), "static": iter(self.static)}
        return jax.tree_util.tree_unflatten(self.treedef, [next(sources[k]) for k in self.kinds])

    def build_learning(self, learning: Sequence[Any]) -> Any:
        """Rebuilds the pytree with None in place of everything that cannot learn.

        Args:
            learning: as many arrays or tracers as `self.learning` has, in its order.
        """
        values = iter(learning)
        leaves = [next(values) if kind == "learning" else None for kind in self.kinds]
        return jax.tree_util.tree_unflatten(self.treedef, leaves)


def partition(tree: Any) -> Partition:
    """Splits a pytree of arrays, `jax.ShapeDtypeStruct`s and other values.

    Arrays of floating or complex type can learn, and so do Python floats that are no attributes of
    a module. Integer and bool arrays and PRNG keys are fixed; all else is static.

    Args:
        tree: any pytree.
    """
    pairs, treedef = jax.tree_util.tree_flatten_with_path(tree)
    names = name_leaves([path for path, _ in pairs])
    leaves = [leaf for _, leaf in pairs]
    kinds = tuple(_find_kind(path, leaf) for path, leaf in pairs)

    def pick(kind: str) -> list[tuple[str, Any]]:
        return [(n, x) for n, x, k in zip(names, leaves, kinds, strict=True) if k == kind]

    return Partition(
        names=tuple(name for name, _ in pick("learning")),
        learning=tuple(to_array(leaf) for _, leaf in pick("learning")),
        fixed=tuple(to_array(leaf) for _, leaf in pick("fixed")),
        skipped={name: _explain_skip(leaf) for name, leaf in pick("fixed") + pick("static")},
        kinds=kinds,
        static=tuple(leaf for _, leaf in pick("static")),
        treedef=treedef,
    )


def name_leaves(paths: Sequence[Any]) -> list[str]:
    """Returns the names of leaves.

    Args:
        paths: their key paths, as `jax.tree_util.tree_leaves_with_path` gives them.

    Returns:
        The keys of each path joined by `/`, such as `decoder/query/kernel`. Where two names are
        equal, both leaves get the full `jax.tree_util.keystr` form instead.
    """
    short = [jax.tree_util.keystr(path, simple=True, separator="/") for path in paths]
    count = Counter(short)
    full = (jax.tree_util.keystr(path) for path in paths)
    return [f if count[s] > 1 else s for s, f in zip(short, full, strict=True)]


def to_array(leaf: Any) -> Any:
    """Converts a Python number or a numpy array to a JAX array; returns other leaves as they are.

    Args:
        leaf: a leaf of a pytree.
    """
    if isinstance(leaf, bool | int | float | complex | np.generic | np.ndarray):
        return jnp.asarray(leaf)
    return leaf


def is_key(dtype: Any) -> bool:
    """Returns whether a dtype is that of typed PRNG keys.

    Args:
        dtype: a JAX or numpy dtype.
    """
    return jnp.issubdtype(dtype, jax.dtypes.prng_key)


def _find_kind(path: Any, leaf: Any) -> str:
    if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
        is_setting = path and isinstance(path[-1], jax.tree_util.GetAttrKey)
        return "static" if is_setting else "learning"
    dtype = getattr(leaf, "dtype", None)
    if isinstance(leaf, bool | int):
        return "static"
    if dtype is None or not hasattr(leaf, "shape"):
        return "static"
    if is_key(dtype):
        return "fixed"
    if not (jnp.issubdtype(dtype, np.number) or jnp.issubdtype(dtype, np.bool_)):
        return "static"
    return "learning" if jnp.issubdtype(dtype, jnp.inexact) else "fixed"


def _explain_skip(leaf: Any) -> str:
    if isinstance(leaf, float | complex):
        return "a setting of a module: make it an array if it should learn"
    dtype = getattr(leaf, "dtype", None)
    return f"not a float: {dtype if dtype is not None else type(leaf).__name__}"
