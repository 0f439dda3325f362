"""Faults in normalising flows."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X = normal(240, 12, 4)


def _likelihood(z: jax.Array, log_determinant: jax.Array) -> jax.Array:
    """Returns the negative log density of a standard normal, up to a constant."""
    return jnp.mean(0.5 * (z**2).sum(-1) - log_determinant)


def mask_that_keeps_all(faulty: bool) -> Example:
    """The mask of a coupling layer passes both halves unchanged.

    Args:
        faulty: True for this fault; False for the sound twin, whose mask lets the layer transform
            the second half.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `gain` [4], `log_scale` [2, 2] and `shift` [2, 2]. `args` has `x` [12, 4]. `settings` is
        empty.
    """
    keep = jnp.ones(2) if faulty else jnp.zeros(2)

    def loss(p, x):
        first, second = jnp.split(x * p["gain"][None], 2, -1)
        log_scale, shift = jnp.tanh(first @ p["log_scale"]), first @ p["shift"]
        moved = keep[None] * second + (1 - keep)[None] * (second * jnp.exp(log_scale) + shift)
        log_determinant = jnp.log(jnp.abs(p["gain"])).sum() + ((1 - keep)[None] * log_scale).sum(-1)
        return _likelihood(jnp.concatenate([first, moved], -1), log_determinant)

    params = {"gain": 1 + 0.1 * normal(241, 4)}
    params |= {"log_scale": normal(242, 2, 2), "shift": normal(243, 2, 2)}
    return Example(loss, params, (X,))


def rule_without_the_determinant(faulty: bool) -> Example:
    """A hand-written backward pass ignores the cotangent of the log-determinant.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule adds that cotangent.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `log_scale` [4] and `mix` [4, 4]. `args` has `x` [12, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def affine(x, log_scale):
        return x * jnp.exp(log_scale)[None], log_scale.sum()

    def forward(x, log_scale):
        z, log_determinant = affine(x, log_scale)
        return (z, log_determinant), (z, log_scale)

    def backward(kept, cotangents):
        (z, log_scale), (of_z, of_determinant) = kept, cotangents
        slope = (of_z * z).sum(0) + (0.0 if faulty else of_determinant)
        return of_z * jnp.exp(log_scale)[None], slope

    affine.defvjp(forward, backward)

    def loss(p, x):
        return _likelihood(*affine(x @ p["mix"], p["log_scale"]))  # here

    return Example(loss, {"mix": normal(244, 4, 4), "log_scale": 0.3 * normal(245, 4)}, (X,))


def bins_without_data(faulty: bool) -> Example:
    """A piecewise map is the identity outside [-1, 1], and no datum lies inside.

    Args:
        faulty: True for this fault; False for the sound twin, in which data lie inside.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `log_slopes` [4] and `shift` [4]. `args` has `x` [12, 4]. `settings` is empty.
    """
    data = X + 3 * jnp.sign(X) if faulty else X

    def loss(p, x):
        x = x + p["shift"][None]
        which = jnp.clip(jnp.floor(2 * x + 2), 0, 3).astype(jnp.int32)
        log_slope = jnp.where(jnp.abs(x) < 1, p["log_slopes"][which], 0.0)
        return _likelihood(x * jnp.exp(log_slope), log_slope.sum(-1))

    return Example(loss, {"shift": jnp.full(4, 0.1), "log_slopes": 0.2 * normal(246, 4)}, (data,))


def warp_beyond_its_pole(faulty: bool) -> Example:
    """A logarithmic warp has a gain at which some data lie below its pole at minus one.

    Args:
        faulty: True for this fault; False for the sound twin, whose gain is 0.2 instead of 1, with
            all data above the pole.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `gain` [4] and `shift` [4]. `args` has `x` [12, 4]. `settings` is empty.
    """
    gain = 1.0 if faulty else 0.2

    def loss(p, x):
        stretched = p["gain"][None] * x
        z = jnp.log1p(stretched) + p["shift"][None]  # here
        return _likelihood(z, (jnp.log(p["gain"])[None] - jnp.log1p(stretched)).sum(-1))

    return Example(loss, {"gain": jnp.full(4, gain), "shift": 0.1 * normal(247, 4)}, (X,))


FAULTS = [
    Fault("invariant", ("log_scale", "shift"), mask_that_keeps_all),
    Fault("wrong", ("log_scale",), rule_without_the_determinant, held_out=True),
    Fault("unvisited", ("log_slopes",), bins_without_data, held_out=True),
    Fault("non_finite", ("gain", "shift"), warp_beyond_its_pole, held_out=True),
]
