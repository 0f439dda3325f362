"""Sentinels: numbers a compiled training step returns so that a run cannot die in silence.

Everything here is a pure function of arrays. Put it into any optax loop:

    updates, state = optimizer.update(gradients, state, params)
    readings = sentinels(groups, gradients, updates, params)
    silence = count_silent(silence, readings)          # carried with the training state

and, on the host, whenever the readings are logged:

    for line in silent_groups(silence, patience=100):
        print(line)
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from checks.program.leaves import name_leaves

# Sums of squares in which no float32 square that counts was lost, below or above.
_SAFE = (1e-20, 1e30)


def sentinels(
    groups: Mapping[str, str], gradients: Any, updates: Any, params: Any
) -> dict[str, jax.Array]:
    """Five float32 scalars for each parameter group, under `GROUP/MEASURE`.

    Args:
        groups: leaf name -> group, as `group_by_depth(params)` makes it; names as in a report.
        gradients: pytree of gradients, of the structure of `params`.
        updates: what the optimiser makes of them, of the same structure.
        params: the weights before the update.

    Returns:
        `GROUP/gradient_norm`, `GROUP/update_norm`, `GROUP/weight_norm`: Euclidean norms, scaled
        before they are squared so that a norm of 1e-30 does not print as 0;
        `GROUP/zero_share`: share of gradient elements that are exactly zero, 0 to 1;
        `GROUP/non_finite`: number of gradient elements that are NaN or Inf.

    Raises:
        ValueError: a float leaf has no group, or the group of a name that is no leaf.
    """
    members = _members(groups, params)
    trees = [_by_name(tree) for tree in (gradients, updates, params)]
    readings: dict[str, jax.Array] = {}
    for group, names in members.items():
        gradient, update, weight = ([tree[name] for name in names] for tree in trees)
        readings[f"{group}/gradient_norm"] = _norm(gradient)
        readings[f"{group}/update_norm"] = _norm(update)
        readings[f"{group}/weight_norm"] = _norm(weight)
        readings[f"{group}/zero_share"] = _zero_share(gradient)
        readings[f"{group}/non_finite"] = _non_finite(gradient)
    return readings


def group_by_depth(params: Any, depth: int = 1) -> dict[str, str]:
    """Leaf name -> its first `depth` path parts (a shorter path is its own group)."""
    return {name: "/".join(name.split("/")[:depth]) for name in _by_name(params)}


def gate_statistics(gate: jax.Array) -> dict[str, jax.Array]:
    """Mean and standard deviation of a gate of any shape, whose values lie in [0, 1].

    A mean near 0 or 1 with a spread near 0 is a gate that has closed or opened for good.
    """
    gate = gate.astype(jnp.float32)
    return {"mean": gate.mean(), "spread": gate.std()}


def attention_entropy(weights: jax.Array) -> jax.Array:
    """Mean entropy of attention rows `[..., keys]`, as a share of log(keys): 1 is uniform.

    Rows that are wholly masked (all zero) are left out; one key alone has entropy 0.
    """
    weights = weights.astype(jnp.float32)
    entropy = -jax.scipy.special.xlogy(weights, weights).sum(-1)
    used = weights.sum(-1) > 0
    rows = jnp.maximum(used.sum(), 1).astype(jnp.float32)
    return jnp.where(used, entropy, 0.0).sum() / rows / jnp.log(max(weights.shape[-1], 2))


def count_silent(
    silence: Mapping[str, jax.Array], readings: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Consecutive steps (int32) for which each group's gradient was exactly zero.

    Start with `{}` outside a compiled loop, or with `no_silence(groups)` inside one.
    """
    counted = {}
    for key, share in readings.items():
        group, _, measure = key.rpartition("/")
        if measure == "zero_share":
            before = silence.get(group, jnp.int32(0))
            counted[group] = jnp.where(share == 1.0, before + 1, 0).astype(jnp.int32)
    return counted


def no_silence(groups: Mapping[str, str]) -> dict[str, jax.Array]:
    """The state of `count_silent` before the first step."""
    return {group: jnp.int32(0) for group in dict.fromkeys(groups.values())}


def silent_groups(silence: Mapping[str, jax.Array], patience: int) -> list[str]:
    """One sentence for each group silent for `patience` steps or more; runs on the host."""
    return [
        f"{group}: the gradient has been exactly zero for {int(steps)} steps"
        for group, steps in sorted(silence.items())
        if int(steps) >= patience
    ]


def _by_name(tree: Any) -> dict[str, jax.Array]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    names = name_leaves([path for path, _ in leaves])
    pairs = zip(names, (leaf for _, leaf in leaves), strict=True)
    return {n: x for n, x in pairs if jnp.issubdtype(jnp.result_type(x), jnp.inexact)}


def _members(groups: Mapping[str, str], params: Any) -> dict[str, list[str]]:
    names = _by_name(params).keys()
    if missing := sorted(names - groups.keys()):
        raise ValueError(
            f"every float leaf needs a group: got none for {missing[0]!r} "
            f"({len(missing)} in all); make `groups` with group_by_depth(params)"
        )
    if unknown := sorted(groups.keys() - names):
        raise ValueError(
            f"groups name leaves of params: got {unknown[0]!r}, which is none "
            f"({len(unknown)} in all); make `groups` with group_by_depth(params)"
        )
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(groups[name], []).append(name)
    return members


def _norm(leaves: list[jax.Array]) -> jax.Array:
    """One pass over the leaves; a second, scaled one only where a square leaves float32's range."""
    leaves = [leaf for leaf in leaves if leaf.size]
    if not leaves:
        return jnp.float32(0)
    square = jnp.stack([_square(leaf) for leaf in leaves]).sum()
    is_safe = (square > _SAFE[0]) & (square < _SAFE[1])
    return jax.lax.cond(is_safe, lambda: jnp.sqrt(square), lambda: _scaled_norm(leaves))


def _square(leaf: jax.Array) -> jax.Array:
    """The sum of squares, as a product of vectors: many times faster than a reduction on CPU."""
    parts = (leaf.real, leaf.imag) if jnp.iscomplexobj(leaf) else (leaf,)
    wide = [part.astype(jnp.float32) for part in parts]
    return jnp.stack([jnp.vdot(x, x, precision="highest") for x in wide]).sum()


def _scaled_norm(leaves: list[jax.Array]) -> jax.Array:
    magnitudes = [jnp.abs(leaf).astype(jnp.float32) for leaf in leaves]
    top = jnp.stack([x.max() for x in magnitudes]).max()
    scale = jnp.where((top > 0) & jnp.isfinite(top), top, 1.0)
    return scale * jnp.sqrt(sum(jnp.square(x / scale).sum() for x in magnitudes))


def _zero_share(leaves: list[jax.Array]) -> jax.Array:
    size = sum(leaf.size for leaf in leaves)
    zeros = sum(jnp.sum(leaf == 0) for leaf in leaves)
    return jnp.asarray(zeros, jnp.float32) / max(size, 1)


def _non_finite(leaves: list[jax.Array]) -> jax.Array:
    return jnp.asarray(sum(jnp.sum(~jnp.isfinite(leaf)) for leaf in leaves), jnp.float32)
