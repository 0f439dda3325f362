"""The three training losses: scalar means over windows, days and targets, in float32 (or wider)."""

import jax
import jax.numpy as jnp

LOG_2PI = 1.8378770664093453


def mse(point: jax.Array, target: jax.Array) -> jax.Array:
    """Mean squared error of ``point`` against ``target``, both [B, P, T]."""
    return jnp.mean(jnp.square(_float32(point) - _float32(target)))


def pinball(
    quantiles: jax.Array, levels: jax.Array | tuple[float, ...], target: jax.Array
) -> jax.Array:
    """Mean quantile loss of ``quantiles`` [B, P, T, Q] at ``levels`` against ``target`` [B, P, T].

    max(a (y - q), (a - 1) (y - q)) for level a (Koenker and Bassett 1978), averaged over levels;
    twice its mean over many levels approaches the CRPS.
    """
    error = _float32(target)[..., None] - _float32(quantiles)
    level = jnp.asarray(levels, jnp.float32)[None, None, None]
    return jnp.mean(jnp.maximum(level * error, (level - 1) * error))


def mixture_nll(mixture: tuple[jax.Array, jax.Array, jax.Array], target: jax.Array) -> jax.Array:
    """Mean negative log density (nats) of ``target`` [B, P, T] under a Gaussian mixture.

    ``mixture`` holds normalised log weights, means and scales, each [B, P, T, K].
    Evaluated by log-sum-exp, so that no far-off target gives an infinite loss.
    """
    log_weights, means, scales = map(_float32, mixture)
    z = (_float32(target)[..., None] - means) / scales
    log_density = log_weights - jnp.log(scales) - 0.5 * (jnp.square(z) + LOG_2PI)
    return -jnp.mean(jax.nn.logsumexp(log_density, axis=-1))


def _float32(x: jax.Array) -> jax.Array:
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
