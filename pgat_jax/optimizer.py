"""The optimiser: one optax chain, and the parameter groups that it clips one by one.

    pack the leaves into two vectors, decayed and plain, in which a group is a slice
      -> accumulate gradients (mean of ``train.accumulation``; NaN and Inf are left out)
      -> clip each parameter group to ``train.clip_norm``
      -> AdamW, decay on matrices only, at the learning rate of ``learning_rate_schedule``
      -> unpack

Packed, 160 leaves compile as two do: the optimiser costs many seconds of compile time otherwise,
and minutes inside a loop.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.leaves import leaf_names
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


def build_optimizer(
    config: TrainConfig, params: Any, steps_per_epoch: int
) -> tuple[optax.GradientTransformation, Callable[[jax.typing.ArrayLike], jax.Array]]:
    """The chain above, and its schedule: number of the update (from 1) -> learning rate.

    Args:
        config: the recipe.
        params: a nested dict (arrays or ``jax.ShapeDtypeStruct``) whose top-level names stand in
            ``GROUPS``.
        steps_per_epoch: batches an epoch; an update takes ``config.accumulation`` of them.

    Returns:
        A transformation whose state is an ``optax.MultiStepsState``, and the schedule.

    Raises:
        ValueError: a top-level parameter belongs to no group.
    """
    rate = learning_rate_schedule(config, steps_per_epoch)
    transforms = optax.chain(
        _clip_by_group_norm(config.clip_norm, _slices(params)),
        optax.adamw(
            lambda done: rate(done + 1),
            weight_decay=config.weight_decay,
            mask={"decayed": True, "plain": False},
        ),
    )
    accumulated = optax.MultiSteps(
        transforms, config.accumulation, should_skip_update_fn=optax.skip_not_finite
    )
    return _packed(accumulated), rate


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
    names = leaf_names([path for path, _ in jax.tree_util.tree_leaves_with_path(params)])
    return {name: _group(name.split("/")[0]) for name in names}


def _group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(
            f"parameter {name!r} belongs to no group, expected one of {', '.join(GROUPS)}; "
            "add it to optimizer.GROUPS"
        )
    return GROUPS[name]


def pack(tree: Any) -> dict[str, jax.Array]:
    """The leaves as two float32 vectors, ``decayed`` and ``plain``, group after group."""
    leaves = jax.tree.leaves(tree)
    return {
        kind: jnp.concatenate(
            [jnp.zeros(0), *(leaves[i].ravel() for i in chain.from_iterable(places.values()))]
        )
        for kind, places in _places(tree).items()
    }


def packed_slices(tree: Any) -> dict[str, dict[str, jax.Array]]:
    """Kind -> group -> its part of ``pack(tree)``."""
    packed = pack(tree)
    return {k: {g: packed[k][s] for g, s in slices.items()} for k, slices in _slices(tree).items()}


def groups_of_slices(tree: Any) -> dict[str, str]:
    """Name of each leaf of ``packed_slices(tree)`` -> its group."""
    return {f"{k}/{group}": group for k, groups in _slices(tree).items() for group in groups}


def _packed(inner: optax.MultiSteps) -> optax.GradientTransformation:
    """``inner`` applied to the vectors of ``pack`` in place of the leaves."""

    def init(params):
        return inner.init(pack(params))

    def update(updates, state, params=None):
        packed, state = inner.update(pack(updates), state, pack(params))
        return _unpack(packed, params), state

    return optax.GradientTransformation(init, update)


def _clip_by_group_norm(
    max_norm: float, slices: dict[str, dict[str, slice]]
) -> optax.GradientTransformation:
    """Scale each group of packed vectors, as one, to a Euclidean norm of at most ``max_norm``."""

    def update(updates, state, params=None):
        squares: dict[str, jax.Array] = {}
        for kind, parts in slices.items():
            for group, part in parts.items():
                square = jnp.sum(jnp.square(updates[kind][part]))
                squares[group] = squares.get(group, 0.0) + square
        scales = {g: max_norm / jnp.maximum(jnp.sqrt(s), max_norm) for g, s in squares.items()}
        clipped = {
            kind: jnp.concatenate([updates[kind][part] * scales[g] for g, part in parts.items()])
            for kind, parts in slices.items()
        }
        return clipped, state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _unpack(packed: Any, like: Any) -> Any:
    leaves, treedef = jax.tree.flatten(like)
    for kind, places in _places(like).items():
        members = list(chain.from_iterable(places.values()))
        ends = np.cumsum([leaves[i].size for i in members])
        for i, part in zip(members, jnp.split(packed[kind], ends[:-1])):
            leaves[i] = part.reshape(leaves[i].shape)
    return treedef.unflatten(leaves)


def _places(tree: Any) -> dict[str, dict[str, list[int]]]:
    """Kind -> group -> positions of its leaves in ``jax.tree.leaves(tree)``."""
    groups = group_of_leaves(tree)
    order = dict.fromkeys(groups.values())
    places = {kind: {group: [] for group in order} for kind in ("decayed", "plain")}
    for i, (name, group) in enumerate(groups.items()):
        places["decayed" if name.endswith(DECAYED) else "plain"][group].append(i)
    return places


def _slices(tree: Any) -> dict[str, dict[str, slice]]:
    """Kind -> group -> its part of the packed vector."""
    leaves = jax.tree.leaves(tree)
    slices: dict[str, dict[str, slice]] = {}
    for kind, places in _places(tree).items():
        sizes = [sum(leaves[i].size for i in members) for members in places.values()]
        ends = np.cumsum(sizes).tolist()
        slices[kind] = {
            group: slice(end - size, end) for group, size, end in zip(places, sizes, ends)
        }
    return slices
