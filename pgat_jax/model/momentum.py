"""What the past of the targets says of itself: momentum, reversion, volatility, tail, skew."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pgat_jax.model.precision import widen

WINDOWS = (5, 20, 60)
"""Days: a week, a month, a quarter."""


def target_statistics(
    targets: Float[Array, "B S T"], steps: int, ahead: int
) -> Float[Array, "B LP _"]:
    """Rolling statistics of the scaled targets at the decoder's steps.

    Five for each of three windows: mean (momentum), distance of the cumulative sum from its mean
    (mean reversion), log standard deviation (volatility), and inverse hyperbolic sines of excess
    kurtosis (tail) and skewness. The days to be predicted repeat the last day's, and early days
    take the mean of what there is.
    """
    days, label = targets.shape[1], steps - ahead
    x = widen(targets)
    mean_of, level_of = (jnp.asarray(m, x.dtype) for m in _rolling(days, label))
    powers = jnp.stack([x, x**2, x**3, x**4])
    m1, m2, m3, m4 = jnp.einsum("WLS,KBST->KBLTW", mean_of, powers)
    variance = m2 - m1**2 + 1e-3
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    rows = (
        m1,
        jnp.einsum("WLS,BST->BLTW", level_of, x),
        0.5 * jnp.log(variance),
        jnp.arcsinh(fourth / variance**2 - 3),
        jnp.arcsinh(third / variance**1.5),
    )
    stacked = jnp.stack(rows, -1).reshape(x.shape[0], label, -1)
    return jnp.pad(stacked, [(0, 0), (0, ahead), (0, 0)], mode="edge")


def _rolling(days: int, label: int) -> tuple[np.ndarray, np.ndarray]:
    """Linear maps [W, L, S] from days to rolling means, and to the distance of the running sum."""
    now, then = np.arange(days)[:, None], np.arange(days)
    bands = [(then <= now) & (then > now - window) for window in WINDOWS]
    means = np.stack([band / band.sum(-1, keepdims=True) for band in bands])
    scale = 1 / np.sqrt(np.minimum(np.asarray(WINDOWS), days))[:, None, None]
    levels = scale * (np.eye(days) - means) @ np.tri(days)
    return means[:, days - label :], levels[:, days - label :]
