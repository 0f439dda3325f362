"""Sentinels: statistics that a compiled training step reports, to find a group without gradient.

All functions but `silent_groups` are pure and can be compiled. In an optax loop:

    updates, opt_state = optimizer.update(gradients, opt_state, params)
    readings = sentinels(groups, gradients, updates, params)
    silence = count_silent(silence, readings)          # a part of the training state
    params = optax.apply_updates(params, updates)      # after `sentinels`

and, on the host, whenever the readings are logged:

    for line in silent_groups(silence, patience=100):
        print(line)

This module imports only JAX and the names of leaves, so that a training program stays light.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from checks.program.leaves import name_leaves

# Between these bounds a float32 sum of squares is exact to rounding: no square that matters to it
# underflowed (1e-20 is far above the smallest normal number, 1.2e-38) or overflowed (3.4e38).
_SAFE_SQUARES = (1e-20, 1e30)


def sentinels(
    groups: Mapping[str, str], gradients: Any, updates: Any, params: Any
) -> dict[str, jax.Array]:
    """Computes five statistics for each group of parameters; it can be compiled.

    Args:
        groups: leaf name -> name of its group, for each float leaf of `params`, as
            `group_by_depth(params)` returns it. Leaf names are path parts joined by `/`.
        gradients: pytree of gradients, with the structure of `params`.
        updates: pytree of updates that the optimiser returned for them, with the same structure.
        params: the weights before the update, which gradients and updates belong to. With the
            weights after it, `weight_norm` would be that of the next step.

    Returns:
        `GROUP/STATISTIC` -> float32 scalar. The statistics are `gradient_norm`, `update_norm` and
        `weight_norm`, Euclidean norms over the leaves of the group, scaled where a square would
        leave the range of float32; `zero_share`, the share of gradient elements that are exactly
        zero, from 0 to 1; and `non_finite`, the number of gradient elements that are NaN or
        infinite.

    Raises:
        ValueError: a float leaf has no group, or a name in `groups` is no float leaf.
    """
    members = _find_members(groups, params)
    trees = [_flatten(tree) for tree in (gradients, updates, params)]
    readings: dict[str, jax.Array] = {}
    for group, names in members.items():
        gradient, update, weight = ([tree[name] for name in names] for tree in trees)
        readings[f"{group}/gradient_norm"] = _norm(gradient)
        readings[f"{group}/update_norm"] = _norm(update)
        readings[f"{group}/weight_norm"] = _norm(weight)
        readings[f"{group}/zero_share"] = _zero_share(gradient)
        readings[f"{group}/non_finite"] = _count_non_finite(gradient)
    return readings


def group_by_depth(params: Any, depth: int = 1) -> dict[str, str]:
    """Groups the float and complex leaves by the first parts of their names.

    Args:
        params: pytree of parameters; leaves of other types are left out.
        depth: number of name parts that make a group, at least 1; a shorter name is its own group.

    Returns:
        Leaf name (path parts joined by `/`) -> group (the first `depth` parts, joined likewise).
    """
    return {name: "/".join(name.split("/")[:depth]) for name in _flatten(params)}


def gate_statistics(gate: jax.Array) -> dict[str, jax.Array]:
    """Computes the mean and the spread of a gate, to be returned beside the readings.

    A mean near 0 or 1 with a spread near 0 means that the gate is closed or open for all inputs.

    Args:
        gate: values from 0 to 1, of any shape and float type; an empty one gives NaN.

    Returns:
        `mean` and `spread` (the standard deviation), float32 scalars.
    """
    gate = gate.astype(jnp.float32)
    return {"mean": gate.mean(), "spread": gate.std()}


def attention_entropy_share(weights: jax.Array) -> jax.Array:
    """Computes the mean entropy of attention rows, divided by that of uniform rows.

    Args:
        weights: attention weights `[..., keys]`, not negative, each row with the sum 1. Rows that
            are all zero (fully masked) are left out.

    Returns:
        A float32 scalar from 0 (each row attends to one key) to 1 (uniform). A single key, or no
        row that is left, gives 0.
    """
    weights = weights.astype(jnp.float32)
    entropy = -jax.scipy.special.xlogy(weights, weights).sum(-1)
    used = weights.sum(-1) > 0
    rows = jnp.maximum(used.sum(), 1).astype(jnp.float32)
    return jnp.where(used, entropy, 0.0).sum() / rows / jnp.log(max(weights.shape[-1], 2))


def count_silent(
    silence: Mapping[str, jax.Array], readings: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Counts the steps in a row for which the whole gradient of a group was exactly zero.

    A step with any other gradient sets the count of the group back to 0.

    Args:
        silence: the result of the step before; for the first step `{}`, or `no_silence(groups)`
            inside a compiled loop, where the structure must not change.
        readings: what `sentinels` returned for this step.

    Returns:
        Group -> number of steps, an int32 scalar.
    """
    counted = {}
    for key, share in readings.items():
        group, _, statistic = key.rpartition("/")
        if statistic == "zero_share":
            before = silence.get(group, jnp.int32(0))
            counted[group] = jnp.where(share == 1.0, before + 1, 0).astype(jnp.int32)
    return counted


def no_silence(groups: Mapping[str, str]) -> dict[str, jax.Array]:
    """Returns the state of `count_silent` before the first step.

    Args:
        groups: leaf name -> group, as for `sentinels`.

    Returns:
        Group -> 0, an int32 scalar.
    """
    return {group: jnp.int32(0) for group in dict.fromkeys(groups.values())}


def silent_groups(silence: Mapping[str, jax.Array], patience: int) -> list[str]:
    """Describes the groups without gradient; to be called on the host.

    Args:
        silence: group -> number of silent steps, as `count_silent` returns it.
        patience: a group is named from this number of silent steps on.

    Returns:
        One sentence for each such group, sorted by name.
    """
    return [
        f"{group}: the gradient has been exactly zero for {int(steps)} steps"
        for group, steps in sorted(silence.items())
        if int(steps) >= patience
    ]


def _flatten(tree: Any) -> dict[str, jax.Array]:
    """Returns leaf name -> leaf, for the float and complex leaves."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    names = name_leaves([path for path, _ in leaves])
    pairs = zip(names, (leaf for _, leaf in leaves), strict=True)
    return {n: x for n, x in pairs if jnp.issubdtype(jnp.result_type(x), jnp.inexact)}


def _find_members(groups: Mapping[str, str], params: Any) -> dict[str, list[str]]:
    """Returns group -> names of its leaves, after checking that both name the same leaves."""
    names = _flatten(params).keys()
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
    """Computes a norm in one pass; takes a second, scaled pass only if a square left the range."""
    leaves = [leaf for leaf in leaves if leaf.size]
    if not leaves:
        return jnp.float32(0)
    square = jnp.stack([_square(leaf) for leaf in leaves]).sum()
    is_safe = (square > _SAFE_SQUARES[0]) & (square < _SAFE_SQUARES[1])
    return jax.lax.cond(is_safe, lambda: jnp.sqrt(square), lambda: _scaled_norm(leaves))


def _square(leaf: jax.Array) -> jax.Array:
    """Computes a sum of squares as a product of vectors, faster on CPU than a reduction."""
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


def _count_non_finite(leaves: list[jax.Array]) -> jax.Array:
    return jnp.asarray(sum(jnp.sum(~jnp.isfinite(leaf)) for leaf in leaves), jnp.float32)
