"""Faults in losses on the slopes of a field: residuals of differential equations."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

TIMES = jnp.linspace(-1.5, 1.6, 12)


def relu_in_a_residual(faulty: bool) -> Example:
    """A loss on the slope of a ReLU network depends on its biases only by the sign of each unit.

    Args:
        faulty: True for this fault; False for the sound twin, which has a tanh in place of the
            ReLU.

    Returns:
        An `Example`: `loss(params, times)` returns a scalar. `params` is a dict with the leaves
        `b` [6], `out` [6] and `w` [6]. `args` has `times` [12]. `settings` is empty.
    """
    bend = jax.nn.relu if faulty else jnp.tanh

    def loss(p, times):
        def field(t):
            return bend(t * p["w"] + p["b"]) @ p["out"]  # here

        slopes = jax.vmap(jax.grad(field))(times)
        return jnp.mean((slopes - jnp.cos(times)) ** 2)

    params = {"w": normal(400, 6), "b": 0.8 * normal(401, 6), "out": normal(402, 6)}
    return Example(loss, params, (TIMES,))


def difference_below_an_ulp(faulty: bool) -> Example:
    """The slope of a field is a difference over a step below the resolution of float32.

    Args:
        faulty: True for this fault; False for the sound twin, whose step is 1e-2 instead of 1e-9.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `decay` (scalar) and `speed` (scalar). `args` has `x` [9]. `settings` is empty.
    """
    step = 1e-9 if faulty else 1e-2
    places = jnp.linspace(0.5, 1.5, 9)

    def field(x):
        return jnp.sin(3 * x)

    def loss(p, x):
        slope = (field(x + step) - field(x)) / step
        return jnp.mean((p["speed"] * slope + p["decay"] * field(x) - jnp.cos(x)) ** 2)

    return Example(loss, {"speed": jnp.float32(0.7), "decay": jnp.float32(0.4)}, (places,))


FAULTS = [
    Fault("blocked", ("b",), relu_in_a_residual, held_out=True),
    Fault("underflow", ("speed",), difference_below_an_ulp, along="decay", held_out=True),
]
