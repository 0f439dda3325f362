"""The optimiser: one optax chain, and the parameter groups that it clips one by one.

    pack the leaves into vectors, one for the matrices of a group and one for the rest of it
      -> leave out gradients with NaN or Inf
      -> accumulate the rest (mean of ``train.accumulation``)
      -> clip each parameter group to ``train.clip_norm``
      -> AdamW, decay on matrices only, at the learning rate of ``learning_rate_schedule``

Packed, 160 leaves compile as a dozen do: the optimiser costs many seconds of compile time
otherwise, and minutes inside a loop. And a vector divides evenly among devices whatever the shapes
of its leaves are.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.program.leaves import name_leaves
from pgat_jax.config import TrainConfig

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
    "head": "head",
}
"""Top-level parameter name -> parameter group; a spike in one group scales no other."""

DECAYED = "kernel"
"""How names of matrices end. Stacked biases have two axes as well, so shape cannot tell."""

MULTIPLE = 1024
"""Of it is the length of every vector, so that any power of two up to it can share one."""

NEVER = np.iinfo(np.int32).max
"""Gradients in a row with NaN or Inf after which one is let in; training stops long before."""

Packed = dict[str, dict[str, jax.Array]]
"""Kind (``decayed`` or ``plain``) -> group -> vector."""


def build_optimizer(
    config: TrainConfig, steps_per_epoch: int
) -> tuple[optax.GradientTransformation, Callable[[jax.typing.ArrayLike], jax.Array]]:
    """The chain above on vectors, and its schedule: number of the update (from 1) -> rate.

    Args:
        config: the recipe.
        steps_per_epoch: batches an epoch; an update takes ``config.accumulation`` of them.

    Returns:
        A transformation of what ``pack`` returns, whose state is an ``optax.ApplyIfFiniteState``,
        and the schedule.
    """
    rate = learning_rate_schedule(config, steps_per_epoch)
    every = config.accumulation
    recipe = optax.chain(
        _clip_by_group_norm(config.clip_norm),
        optax.adamw(
            lambda done: rate(done + 1),
            weight_decay=config.weight_decay,
            mask={"decayed": True, "plain": False},
        ),
    )

    def is_due(step: jax.typing.ArrayLike, **_: Any) -> jax.Array:
        return (jnp.asarray(step) + 1) % every == 0

    accumulated = optax.chain(
        optax.scale(1 / every),
        optax.apply_every(every),
        optax.conditionally_transform(recipe, is_due),
    )
    return optax.apply_if_finite(accumulated, NEVER), rate


def updates_made(state: optax.ApplyIfFiniteState, config: TrainConfig) -> jax.Array:
    """int32 []: whole updates of the parameters so far."""
    return optax.tree.get(state, "step") // config.accumulation


def on_leaves(inner: optax.GradientTransformation) -> optax.GradientTransformation:
    """A transformation of vectors as one of the leaves they are packed from."""

    def init(params):
        return inner.init(pack(params))

    def update(updates, state, params=None):
        packed: Any
        packed, state = inner.update(pack(updates), state, pack(params))
        return unpack(packed, params), state

    return optax.GradientTransformation(init, update)


def learning_rate_schedule(
    config: TrainConfig, steps_per_epoch: int
) -> Callable[[jax.typing.ArrayLike], jax.Array]:
    """Learning rate of update n (from 1): linear from 0 to the peak, then half a cosine.

    The peak is reached with the last update of epoch ``warmup_epochs``, the final rate with the
    last update of epoch ``epochs`` (Loshchilov and Hutter 2017, without restarts). An epoch need
    not be a whole number of updates.
    """
    updates_per_epoch = steps_per_epoch / config.accumulation
    peak, final = config.learning_rate, config.final_learning_rate

    def rate(update: jax.typing.ArrayLike) -> jax.Array:
        epochs = jnp.asarray(update) / updates_per_epoch
        warm = peak * epochs / max(config.warmup_epochs, 1)
        share = (epochs - config.warmup_epochs) / (config.epochs - config.warmup_epochs)
        cosine = 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip(share, 0, 1)))
        return jnp.where(epochs < config.warmup_epochs, warm, final + (peak - final) * cosine)

    return rate


def group_of_leaves(params: Any) -> dict[str, str]:
    """Leaf name (path parts joined by ``/``) -> its parameter group.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    names = name_leaves([path for path, _ in jax.tree_util.tree_leaves_with_path(params)])
    return {name: _group(name.split("/")[0]) for name in names}


def _group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(
            f"parameter {name!r} belongs to no group, expected one of {', '.join(GROUPS)}; "
            "add it to optimizer.GROUPS"
        )
    return GROUPS[name]


def pack(tree: Any) -> Packed:
    """The leaves of each group as two vectors, ``decayed`` and ``plain``, filled up with zeros.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    leaves = jax.tree.leaves(tree)
    return {
        kind: {group: _joined([leaves[i] for i in members]) for group, members in places.items()}
        for kind, places in _places(tree).items()
    }


def unpack(packed: Packed, like: Any) -> Any:
    """Inverse of ``pack``: a tree with the structure and shapes of ``like``."""
    leaves, treedef = jax.tree.flatten(like)
    for kind, places in _places(like).items():
        for group, members in places.items():
            ends = np.cumsum([leaves[i].size for i in members])
            for i, part in zip(members, jnp.split(packed[kind][group], ends)):
                leaves[i] = part.reshape(leaves[i].shape)
    return treedef.unflatten(leaves)


def groups_of_vectors(tree: Any) -> dict[str, str]:
    """Name of each leaf of ``pack(tree)`` -> its group."""
    return {f"{kind}/{group}": group for kind, groups in _places(tree).items() for group in groups}


def _joined(leaves: list[jax.Array]) -> jax.Array:
    parts = [leaf.ravel() for leaf in leaves]
    missing = -sum(part.size for part in parts) % MULTIPLE
    return jnp.concatenate([*parts, jnp.zeros(missing, parts[0].dtype)])


def _clip_by_group_norm(max_norm: float) -> optax.GradientTransformation:
    """Scale each group of packed vectors, as one, to a Euclidean norm of at most ``max_norm``."""

    def update(updates, state, params=None):
        squares: dict[str, jax.Array] = {}
        for vectors in updates.values():
            for group, vector in vectors.items():
                squares[group] = squares.get(group, 0.0) + jnp.sum(jnp.square(vector))
        scales = {g: max_norm / jnp.maximum(jnp.sqrt(s), max_norm) for g, s in squares.items()}
        clipped = {
            kind: {group: vector * scales[group] for group, vector in vectors.items()}
            for kind, vectors in updates.items()
        }
        return clipped, state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _places(tree: Any) -> dict[str, dict[str, list[int]]]:
    """Kind -> group -> positions of its leaves in ``jax.tree.leaves(tree)``."""
    places: dict[str, dict[str, list[int]]] = {"decayed": {}, "plain": {}}
    for i, (name, group) in enumerate(group_of_leaves(tree).items()):
        kind = "decayed" if name.endswith(DECAYED) else "plain"
        places[kind].setdefault(group, []).append(i)
    return places
