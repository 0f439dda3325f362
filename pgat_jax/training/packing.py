"""Packs parameters and gradients: a few long vectors instead of many leaves.

Each parameter group has one vector of its matrices, which decay, and one of its other leaves. The
vectors save compile time: 160 leaves compile as a dozen do, and the optimiser would otherwise cost
many seconds, or minutes inside a loop. A vector is also padded so that it divides evenly among
devices, which the leaves do not. The module depends on JAX and NumPy alone.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Top-level parameter name -> parameter group. The optimiser clips each group separately, so that a
# spike in one of them does not scale the others. `model/pgat.py` gives the names.
GROUPS = {
    "phase": "input",
    "embedding": "input",
    "nodes": "celestial",
    "fusion": "celestial",
    "gate": "celestial",
    "petri": "petri",
    "spatiotemporal": "encoder",
    "graph_attention": "encoder",
    "decoder": "decoder",
    "dual_stream": "decoder",
    "network_share": "head",
    "volatility_scale": "head",
    "head": "head",
}
# The names of matrices end so. The shape cannot tell: stacked biases have two axes too.
DECAYED = "kernel"
# Packed vectors are zero-padded to a multiple of this, so they divide evenly over any power-of-two
# number of devices up to 1,024.
MULTIPLE = 1024
# Kind (`decayed` or `plain`) -> group -> vector.
Packed = dict[str, dict[str, jax.Array]]


def pack(tree: Any) -> Packed:
    """Packs the leaves of each group into up to two vectors, `decayed` and `plain`.

    A leaf is decayed (gets weight decay) if its name ends in `kernel`, whatever its shape; all
    others are plain.

    Args:
        tree: nested dict of arrays, whose top-level names are keys of `GROUPS`.

    Returns:
        Kind -> group -> vector. A group without leaves of a kind has no vector there. A vector
        joins its leaves in the order of `jax.tree.leaves` and is padded with zeros to a multiple of
        `MULTIPLE`.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    leaves = jax.tree.leaves(tree)
    return {
        kind: {group: _join([leaves[i] for i in members]) for group, members in groups.items()}
        for kind, groups in _group_positions(tree).items()
    }


def unpack(vectors: Packed, like: Any) -> Any:
    """Converts vectors to the tree that they were packed from; the inverse of `pack`.

    Args:
        vectors: the vectors of a tree.
        like: arrays or shapes with the structure of that tree.

    Returns:
        A tree with the structure and the shapes of `like`.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    leaves, treedef = jax.tree.flatten(like)
    for kind, groups in _group_positions(like).items():
        for group, members in groups.items():
            ends = np.cumsum([leaves[i].size for i in members])
            for i, part in zip(members, jnp.split(vectors[kind][group], ends)):
                leaves[i] = part.reshape(leaves[i].shape)
    return treedef.unflatten(leaves)


def group_leaves(tree: Any) -> dict[str, str]:
    """Returns leaf name (path parts joined by `/`) -> parameter group, in the order of the leaves.

    Args:
        tree: nested dict of arrays, whose top-level names are keys of `GROUPS`.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(tree)]
    names = [jax.tree_util.keystr(path, simple=True, separator="/") for path in paths]
    return {name: _find_group(name.split("/")[0]) for name in names}


def group_vectors(tree: Any) -> dict[str, str]:
    """Returns the name of each vector of `pack(tree)`, such as `plain/head`, -> its group.

    Args:
        tree: nested dict of arrays, whose top-level names are keys of `GROUPS`.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    positions = _group_positions(tree)
    return {f"{kind}/{group}": group for kind, groups in positions.items() for group in groups}


def _find_group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(
            f"parameter {name!r} belongs to no group, expected one of {', '.join(GROUPS)}; "
            "add it to packing.GROUPS"
        )
    return GROUPS[name]


def _group_positions(tree: Any) -> dict[str, dict[str, list[int]]]:
    """Returns kind -> group -> positions of its leaves in `jax.tree.leaves(tree)`."""
    positions: dict[str, dict[str, list[int]]] = {"decayed": {}, "plain": {}}
    for i, (name, group) in enumerate(group_leaves(tree).items()):
        kind = "decayed" if name.endswith(DECAYED) else "plain"
        positions[kind].setdefault(group, []).append(i)
    return positions


def _join(leaves: list[jax.Array]) -> jax.Array:
    parts = [leaf.ravel() for leaf in leaves]
    missing = -sum(part.size for part in parts) % MULTIPLE
    return jnp.concatenate([*parts, jnp.zeros(missing, parts[0].dtype)])
