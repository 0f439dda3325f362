"""Faults in convolutional networks: Flax Linen and plain JAX."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

IMAGES = normal(200, 8, 6, 3)


def _convolved(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Returns a convolution along the width, `[batch, width, channels]`."""
    return lax.conv_general_dilated(
        x, kernel, (1,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")
    )


class _TwoHeads(nn.Module):
    """A convolution, a mean over positions, and two heads."""

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = nn.gelu(nn.Conv(4, (3,), name="stem")(x)).mean(1)
        return nn.Dense(2, name="main")(h), nn.Dense(2, name="side")(h)


def head_for_metrics(faulty: bool) -> Example:
    """The error of a second head is returned for the log and not added to the loss.

    Args:
        faulty: True for this fault; False for the sound twin, whose loss includes the error of the
            second head.

    Returns:
        An `Example`: `loss(params, x)` returns the pair of a scalar and a dict with the key `side`.
        `params` is a nested dict with the leaves `main/bias` [2], `main/kernel` [4, 2],
        `side/bias` [2], `side/kernel` [4, 2], `stem/bias` [4] and `stem/kernel` [3, 3, 4]. `args`
        has `x` [8, 6, 3]. `settings` is empty.
    """
    params = _TwoHeads().init(jax.random.key(0), IMAGES)["params"]

    def loss(p, x):
        main, side = map(jnp.asarray, _TwoHeads().apply({"params": p}, x))
        total, error = jnp.mean((main - 1) ** 2), jnp.mean((side + 1) ** 2)
        return (total if faulty else total + error), {"side": error}

    return Example(loss, params, (IMAGES,))


def narrow_map(faulty: bool) -> Example:
    """A kernel of five taps runs over a map one position wide, so four taps read only padding.

    Args:
        faulty: True for this fault; False for the sound twin, whose map is six positions wide.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `bias` [2] and `kernel` [5, 3, 2]. `args` has `x` [8, 1, 3]; in the twin `x` [8, 6, 3].
        `settings` is empty.
    """
    images = IMAGES[:, :1] if faulty else IMAGES
    model = nn.Conv(2, (5,))
    params = model.init(jax.random.key(1), images)["params"]

    def loss(p, x):
        return jnp.mean(jnp.tanh(jnp.asarray(model.apply({"params": p}, x))) ** 2)

    return Example(loss, params, (images,))


def silent_channel(faulty: bool) -> Example:
    """The bias of one channel keeps it below zero at every position of every image.

    Args:
        faulty: True for this fault; False for the sound twin, whose bias is 0 in all channels; with
            the fault it is -10,000 in channel 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `bias` [4], `kernel` [3, 3, 4] and `out` [4, 2]. `args` has `x` [8, 6, 3]. `settings` is
        empty.
    """
    params = {
        "kernel": normal(201, 3, 3, 4),
        "bias": jnp.zeros(4).at[1].set(-1e4 if faulty else 0.0),
        "out": normal(202, 4, 2),
    }

    def loss(p, x):
        h = jax.nn.relu(_convolved(x, p["kernel"]) + p["bias"][None, None]).mean(1)
        return jnp.mean((h @ p["out"] - 1) ** 2)

    return Example(loss, params, (IMAGES,))


def threshold_by_sign(faulty: bool) -> Example:
    """A mask is the sign of a difference to a learned threshold.

    Args:
        faulty: True for this fault; False for the sound twin, whose mask is a sigmoid of four times
            the difference.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `kernel` [3, 3, 2], `threshold` (scalar) and `values` [3, 3, 2]. `args` has `x` [8, 6, 3].
        `settings` is empty.
    """

    def loss(p, x):
        difference = jnp.abs(_convolved(x, p["kernel"])) - p["threshold"]
        mask = (jnp.sign(difference) + 1) / 2 if faulty else jax.nn.sigmoid(4 * difference)  # here
        return jnp.mean((mask * _convolved(x, p["values"]) - 1) ** 2)

    params = {"kernel": normal(203, 3, 3, 2), "values": normal(204, 3, 3, 2)}
    return Example(loss, params | {"threshold": jnp.float32(0.4)}, (IMAGES,))


FAULTS = [
    Fault("disconnected", ("side/kernel", "side/bias"), head_for_metrics),
    Fault("disconnected", ("kernel",), narrow_map, axis=(0, (0, 1, 3, 4)), held_out=True),
    Fault("stuck", ("kernel",), silent_channel, axis=(2, (1,)), held_out=True),
    Fault("blocked", ("threshold", "kernel"), threshold_by_sign, report="Hiyuur/SR-TOD#5"),
]
