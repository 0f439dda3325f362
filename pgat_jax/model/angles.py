"""Compares pairs of bodies by their phases: wrapped angles and six features of each pair."""

import jax.numpy as jnp
from jaxtyping import Array, Float

# A ratio's denominator is kept at least this far from 0; a planet's speed is 0 at a station.
LEAST_DENOMINATOR = 1e-3


def wrap(angle: Float[Array, "*B"]) -> Float[Array, "*B"]:
    """Returns the same angles in [-pi, pi].

    Args:
        angle: angles in radians.

    Returns:
        Angles in radians that differ from `angle` by whole turns.
    """
    return angle - 2 * jnp.pi * jnp.round(angle / (2 * jnp.pi))


def phase_edges(phase: Float[Array, "B S N 4"]) -> Float[Array, "B S N N 6"]:
    """Computes six features of each ordered pair of bodies (i, j), all between -1 and 1.

    Args:
        phase: unscaled longitude (rad), sign phase (rad), speed (degree/day) and radius (AU).

    Returns:
        The wrapped differences of longitude and of sign phase in half turns; tanh of the ratios of
        speed and of radius; the separation in half turns; and the product of the cosines of the two
        differences.
    """
    theta, sign, speed, radius = (phase[..., k] for k in range(4))
    d_theta = wrap(theta[..., :, None] - theta[..., None, :])
    d_sign = wrap(sign[..., :, None] - sign[..., None, :])
    features = (
        d_theta / jnp.pi,
        d_sign / jnp.pi,
        jnp.tanh(_ratio(speed)),
        jnp.tanh(_ratio(radius)),
        jnp.abs(d_theta) / jnp.pi,
        jnp.cos(d_theta) * jnp.cos(d_sign),
    )
    return jnp.stack(features, axis=-1)


def _ratio(x: Float[Array, "B S N"]) -> Float[Array, "B S N N"]:
    """Computes x_i / x_j with a denominator that is never near 0."""
    least = LEAST_DENOMINATOR
    safe = jnp.where(x < 0, jnp.minimum(x, -least), jnp.maximum(x, least))
    return x[..., :, None] / safe[..., None, :]
