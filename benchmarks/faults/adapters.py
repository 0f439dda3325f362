"""Faults in low-rank adapters beside pretrained weights."""

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X = normal(280, 8, 4)


class _Adapted(eqx.Module):
    """A dense layer with an adapter of rank two, and an output layer."""

    base: jax.Array
    down: jax.Array
    up: jax.Array
    out: jax.Array

    def __init__(self) -> None:
        self.base, self.out = normal(281, 4, 4), normal(282, 4, 2)
        self.down, self.up = normal(283, 4, 2), normal(284, 2, 4)

    def merged(self, scale: float = 1.0) -> jax.Array:
        """Returns the layer's weights plus those of the adapter, `[4, 4]`."""
        return self.base + scale * (self.down @ self.up)


def scale_rounded_to_zero(faulty: bool) -> Example:
    """The scale is `alpha // rank`, which is 0, in place of `alpha / rank`.

    Args:
        faulty: True for this fault; False for the sound twin, whose scale is 1/2.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is an Equinox module with the
        leaves `base` [4, 4], `down` [4, 2], `up` [2, 4] and `out` [4, 2]. `args` has `x` [8, 4].
        `settings` is empty.
    """
    scale = 1 // 2 if faulty else 1 / 2

    def loss(model, x):
        return jnp.mean((jnp.tanh(x @ model.merged(scale)) @ model.out - 1) ** 2)

    return Example(loss, _Adapted(), (X,))


def merged_before_training(faulty: bool) -> Example:
    """The forward pass reads weights into which the adapter was merged once.

    Args:
        faulty: True for this fault; False for the sound twin, which merges the current weights in
            each forward pass.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is an Equinox module with the
        leaves `base` [4, 4], `down` [4, 2], `up` [2, 4] and `out` [4, 2]. `args` has `x` [8, 4].
        `settings` is empty.
    """
    kept = _Adapted().merged()

    def loss(model, x):
        kernel = kept if faulty else model.merged()
        return jnp.mean((jnp.tanh(x @ kernel) @ model.out - 1) ** 2)

    return Example(loss, _Adapted(), (X,))


def gate_behind_a_relu(faulty: bool) -> Example:
    """The gate of an adapter starts at zero, where the relu around it has no slope.

    Args:
        faulty: True for this fault; False for the sound twin, which has a softplus in place of the
            relu.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `base` [4, 2], `branch` [4, 2] and `gate` [2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    positive = jax.nn.relu if faulty else jax.nn.softplus

    def loss(p, x):
        return jnp.mean(
            (x @ p["base"] + positive(p["gate"])[None] * jnp.tanh(x @ p["branch"]) - 1) ** 2
        )

    params = {"base": normal(285, 4, 2), "branch": normal(286, 4, 2), "gate": jnp.zeros(2)}
    return Example(loss, params, (X,))


FAULTS = [
    Fault("invariant", ("down", "up"), scale_rounded_to_zero),
    Fault("disconnected", ("base", "down", "up"), merged_before_training, held_out=True),
    Fault("stuck", ("branch", "gate"), gate_behind_a_relu, held_out=True),
]
