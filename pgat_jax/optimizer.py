"""The optimiser: one optax chain, and the parameter groups that it clips one by one.

    pack the leaves of each group into two vectors, decayed and plain
      -> accumulate gradients (mean of ``train.accumulation``; NaN and Inf are left out)
      -> clip each parameter group to ``train.clip_norm``
      -> AdamW, decay on matrices only, at the learning rate of ``learning_rate_schedule``
      -> unpack

Packed, 200 leaves compile as 12 do: the optimiser costs seconds of compile time otherwise, and
minutes inside a loop.
"""

from collections.abc import Callable
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
) -> tuple[optax.GradientTransformation, Callable[[jax.Array], jax.Array]]:
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
    groups = dict.fromkeys(group_of_leaves(params).values())
    clip = {group: optax.clip_by_global_norm(config.clip_norm) for group in groups}
    chain = optax.chain(
        optax.partition(clip, {group: group for group in groups}),
        optax.adamw(
            lambda done: rate(done + 1),
            weight_decay=config.weight_decay,
            mask={group: {"decayed": True, "plain": False} for group in groups},
        ),
    )
    accumulated = optax.MultiSteps(
        chain, config.accumulation, should_skip_update_fn=optax.skip_not_finite
    )
    return _packed(accumulated), rate


def learning_rate_schedule(
    config: TrainConfig, steps_per_epoch: int
) -> Callable[[jax.Array], jax.Array]:
    """Learning rate of update n (from 1): linear from 0 to the peak, then half a cosine.

    The peak is reached with the last update of epoch ``warmup_epochs``, the final rate with the
    last update of epoch ``epochs`` (Loshchilov and Hutter 2017, without restarts). An epoch need
    not be a whole number of updates.
    """
    updates_per_epoch = steps_per_epoch / config.accumulation
    peak, final = config.learning_rate, config.final_learning_rate

    def rate(update: jax.Array) -> jax.Array:
        epochs = update / updates_per_epoch
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


def pack(tree: Any) -> dict[str, dict[str, jax.Array]]:
    """Group -> ``decayed`` and ``plain``: its leaves as one float32 vector each."""
    leaves = jax.tree.leaves(tree)
    return {
        group: {
            kind: jnp.concatenate([jnp.zeros(0), *(leaves[i].ravel() for i in members)])
            for kind, members in kinds.items()
        }
        for group, kinds in _places(tree).items()
    }


def pack_groups(tree: Any) -> dict[str, str]:
    """Name of each vector of ``pack(tree)`` -> its group."""
    return {f"{group}/{kind}": group for group, kinds in _places(tree).items() for kind in kinds}


def _packed(inner: optax.MultiSteps) -> optax.GradientTransformation:
    """``inner`` applied to the vectors of ``pack`` in place of the leaves."""

    def init(params):
        return inner.init(pack(params))

    def update(gradients, state, params):
        packed, state = inner.update(pack(gradients), state, pack(params))
        return _unpack(packed, params), state

    return optax.GradientTransformation(init, update)


def _unpack(packed: dict[str, dict[str, jax.Array]], like: Any) -> Any:
    leaves, treedef = jax.tree.flatten(like)
    for group, kinds in _places(like).items():
        for kind, members in kinds.items():
            ends = np.cumsum([leaves[i].size for i in members])
            parts = jnp.split(packed[group][kind], ends[:-1]) if members else []
            for i, part in zip(members, parts, strict=True):
                leaves[i] = part.reshape(leaves[i].shape)
    return treedef.unflatten(leaves)


def _places(tree: Any) -> dict[str, dict[str, list[int]]]:
    """Group -> kind -> positions of its leaves in ``jax.tree.leaves(tree)``."""
    places: dict[str, dict[str, list[int]]] = {}
    for i, (name, group) in enumerate(group_of_leaves(tree).items()):
        kind = "decayed" if name.endswith(DECAYED) else "plain"
        places.setdefault(group, {"decayed": [], "plain": []})[kind].append(i)
    return places
