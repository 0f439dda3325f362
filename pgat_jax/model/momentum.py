"""Statistics of the targets' own past: momentum, reversion, volatility, tail and skew."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

# Rolling windows in days: a week, a month, a quarter.
WINDOWS = (5, 20, 60)
# Added to a variance, in squared scaled units: a constant target has a finite logarithm.
FLOOR = 1e-3


def target_statistics(
    targets: Float[Array, "B S T"], steps: int, ahead: int
) -> Float[Array, "B LP R"]:
    """Computes rolling statistics of the targets at the steps of the decoder.

    Five for each of the `WINDOWS`: mean (momentum), distance of the cumulative sum from its mean
    (mean reversion), log standard deviation (volatility), and inverse hyperbolic sines of excess
    kurtosis (tail) and of skewness. Windows that begin before the first day are cut there.

    Args:
        targets: the scaled targets of the past days.
        steps: LP, the number of steps of the decoder.
        ahead: P, how many of them are days to predict; these repeat the last past day's statistics.

    Returns:
        R = 15 T statistics for each step, by target, window and statistic.
    """
    days, label = targets.shape[1], steps - ahead
    x = widen(targets)
    mean_of, level_of = (jnp.asarray(m, x.dtype) for m in _rolling(days, label))
    powers = jnp.stack([x, x**2, x**3, x**4])
    m1, m2, m3, m4 = jnp.einsum("ULS,...ST->...LTU", mean_of, powers)
    variance = m2 - m1**2 + FLOOR
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    rows = (
        m1,
        jnp.einsum("ULS,BST->BLTU", level_of, x),
        0.5 * jnp.log(variance),
        jnp.arcsinh(fourth / variance**2 - 3),
        jnp.arcsinh(third / variance**1.5),
    )
    stacked = jnp.stack(rows, -1).reshape(x.shape[0], label, -1)
    return jnp.pad(stacked, [(0, 0), (0, ahead), (0, 0)], mode="edge")


def _rolling(
    days: int, label: int
) -> tuple[Float[np.ndarray, "U L S"], Float[np.ndarray, "U L S"]]:
    """Returns linear maps from the days to rolling means, and to the distance of the running sum.

    The distance is divided by the square root of the window's length.
    """
    now, then = np.arange(days)[:, None], np.arange(days)
    bands = [(then <= now) & (then > now - window) for window in WINDOWS]
    means = np.stack([band / band.sum(-1, keepdims=True) for band in bands])
    scale = 1 / np.sqrt(np.minimum(np.asarray(WINDOWS), days))[:, None, None]
    levels = scale * (np.eye(days) - means) @ np.tri(days)
    return means[:, days - label :], levels[:, days - label :]
