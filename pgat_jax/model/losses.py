"""The three training losses: means over windows, days and targets, in float32 or wider."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

LOG_2PI = 1.8378770664093453


def mse(point: Float[Array, "*B P T"], target: Float[Array, "*B P T"]) -> Float[Array, ""]:
    """Computes the mean squared error.

    Args:
        point: forecasts, scaled.
        target: the true values, scaled.

    Returns:
        The mean over all axes.
    """
    return jnp.mean(jnp.square(widen(point) - widen(target)))


def pinball(
    quantiles: Float[Array, "*B P T Q"],
    levels: Float[Array, " Q"] | tuple[float, ...],
    target: Float[Array, "*B P T"],
) -> Float[Array, ""]:
    """Computes the mean quantile loss (Koenker and Bassett, 1978).

    It is max(a (y - q), (a - 1) (y - q)) for the quantile q of level a; twice its mean over many
    levels approaches the CRPS.

    Args:
        quantiles: forecasts, scaled.
        levels: the level a of each quantile, between 0 and 1.
        target: the true values, scaled.

    Returns:
        The mean over all axes, levels among them.
    """
    error = widen(target)[..., None] - widen(quantiles)
    level = jnp.asarray(levels, jnp.float32).reshape(*[1] * target.ndim, -1)
    return jnp.mean(jnp.maximum(level * error, (level - 1) * error))


def mixture_nll(
    mixture: tuple[Float[Array, "*B P T K"], Float[Array, "*B P T K"], Float[Array, "*B P T K"]],
    target: Float[Array, "*B P T"],
) -> Float[Array, ""]:
    """Computes the mean negative log density under Gaussian mixtures, in nats.

    It sums the components by log-sum-exp, so that no distant target gives an infinite loss.

    Args:
        mixture: normalised log weights, means and scales of K components.
        target: the true values, scaled.

    Returns:
        The mean over all axes.
    """
    log_weights, means, scales = map(widen, mixture)
    z = (widen(target)[..., None] - means) / scales
    log_density = log_weights - jnp.log(scales) - 0.5 * (jnp.square(z) + LOG_2PI)
    return -jnp.mean(jax.nn.logsumexp(log_density, axis=-1))
