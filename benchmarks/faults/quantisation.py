"""Faults in vector-quantised and finite scalar codes."""

import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(290, 12, 4)


def codebook_loss_on_what_passes_through(faulty: bool) -> Example:
    """The codebook loss reads the straight-through output, whose gradient is the encoder's.

    Args:
        faulty: True for this fault; False for the sound twin, whose codebook loss reads the code
            itself.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `codes` [2, 3], `decoder` [3, 4] and `encoder` [4, 3]. `args` has `x` [12, 4]. `settings` is
        empty.
    """

    def loss(p, x):
        z = x @ p["encoder"]
        nearest = jnp.argmin(((z[:, None] - p["codes"][None]) ** 2).sum(-1), -1)
        code = p["codes"][nearest]
        through = z + lax.stop_gradient(code - z)  # here
        pulled = jnp.mean(((through if faulty else code) - lax.stop_gradient(z)) ** 2)
        return jnp.mean((through @ p["decoder"] - x) ** 2) + pulled

    params = {
        "encoder": normal(291, 4, 3),
        "codes": normal(292, 2, 3),
        "decoder": normal(293, 3, 4),
    }
    return Example(loss, params, (X,))


def rounded_without_estimate(faulty: bool) -> Example:
    """Finite scalar codes are rounded without a straight-through estimate.

    Args:
        faulty: True for this fault; False for the sound twin, which has a straight-through
            estimate.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `decoder` [3, 4] and `encoder` [4, 3]. `args` has `x` [12, 4]. `settings` is empty.
    """

    def loss(p, x):
        z = 3 * jnp.tanh(x @ p["encoder"])
        code = jnp.round(z)  # here
        code = code if faulty else z + lax.stop_gradient(code - z)
        return jnp.mean((code @ p["decoder"] - x) ** 2)

    return Example(loss, {"encoder": normal(294, 4, 3), "decoder": normal(295, 3, 4)}, (X,))


def code_never_nearest(faulty: bool) -> Example:
    """All data of this batch lie near one code of three.

    Args:
        faulty: True for this fault; False for the sound twin, whose data are
            spread, so that each code is the nearest one of some data.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `codes` [3, 2]. `args` has `x` [12, 2]. `settings` is empty.
    """
    centre = jnp.array([2.0, -2.0])
    data = centre[None] + 0.2 * normal(296, 12, 2) if faulty else 2 * normal(296, 12, 2)

    def loss(p, x):
        nearest = jnp.argmin(((x[:, None] - p["codes"][None]) ** 2).sum(-1), -1)
        return jnp.mean((p["codes"][nearest] - x) ** 2)

    codes = jnp.stack([centre, -centre, jnp.array([2.0, 2.0])])
    return Example(loss, {"codes": codes}, (data,))


def product_of_integers(faulty: bool) -> Example:
    """Weights and activations are cast to eight bits without a straight-through estimate.

    Args:
        faulty: True for this fault; False for the sound twin, which has a straight-through
            estimate.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `embed` [4, 3], `kernel` [3, 3] and `out` [3, 2]. `args` has `x` [12, 4]. `settings` is
        empty.
    """
    step = 0.04

    def rounded(a):
        if faulty:
            return step * jnp.round(a / step).astype(jnp.int8).astype(jnp.float32)  # here
        return a + lax.stop_gradient(step * jnp.round(a / step) - a)

    def loss(p, x):
        h = rounded(jnp.tanh(x @ p["embed"])) @ rounded(p["kernel"])
        return jnp.mean((jnp.tanh(h) @ p["out"] - 1) ** 2)

    params = {"embed": normal(297, 4, 3), "kernel": normal(298, 3, 3), "out": normal(299, 3, 2)}
    return Example(loss, params, (X,))


def small_gradient_through_float8(faulty: bool) -> Example:
    """Weights are float8, and their gradient is below the smallest number of the format.

    Args:
        faulty: True for this fault; False for the sound twin, whose weights pass through bfloat16.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `kernel` [4, 3] and `out` [3, 2]. `args` has `x` [12, 4]. `settings` is empty.
    """
    dtype = jnp.float8_e4m3fn if faulty else jnp.bfloat16

    def loss(p, x):
        kernel = p["kernel"].astype(dtype).astype(jnp.float32)
        return 1e-4 * jnp.mean((jnp.tanh(x @ kernel) @ p["out"] - 1) ** 2)

    return Example(loss, {"kernel": normal(500, 4, 3), "out": normal(501, 3, 2)}, (X,))


FAULTS = [
    Fault(
        "blocked",
        ("codes",),
        codebook_loss_on_what_passes_through,
        report="andylolu2/jax-vqvae-gpt#2",
    ),
    Fault("blocked", ("encoder",), rounded_without_estimate, held_out=True),
    Fault("unvisited", ("codes",), code_never_nearest, axis=(0, (1, 2))),
    Fault("blocked", ("embed", "kernel"), product_of_integers, held_out=True),
    Fault("underflow", ("kernel",), small_gradient_through_float8, held_out=True),
]
