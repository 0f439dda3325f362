"""Faults in networks trained against each other."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X, Y = normal(420, 8, 4), normal(421, 8, 4)


def reversed_by_rule(faulty: bool) -> Example:
    """A custom rule reverses the gradient of the domain loss, where it should pass it on.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule passes the gradient on
            unchanged.

    Returns:
        An `Example`: `loss(params, x, y)` returns a scalar. `params` is a dict with the leaves
        `domain` [5], `encoder` [4, 5] and `task` [5, 4]. `args` has `x` [8, 4] and `y` [8, 4].
        `settings` is empty.
    """
    sign = -1.0 if faulty else 1.0

    @jax.custom_gradient
    def passed(h):
        return h, lambda g: (sign * g,)

    def loss(p, x, y):
        hidden = jnp.tanh(x @ p["encoder"])
        domain = jax.nn.sigmoid(passed(hidden) @ p["domain"])  # here
        return jnp.mean((hidden @ p["task"] - y) ** 2) + jnp.mean((domain - 1) ** 2)

    params = {"encoder": normal(422, 4, 5), "domain": normal(423, 5), "task": normal(424, 5, 4)}
    return Example(loss, params, (X, Y))


def bias_of_a_critic(faulty: bool) -> Example:
    """A Wasserstein critic's loss is a difference of scores, which its last bias cannot change.

    Args:
        faulty: True for this fault; False for the sound twin, whose loss has a drift term, 0.1
            times the mean of the squared scores of real data.

    Returns:
        An `Example`: `loss(params, real, made)` returns a scalar. `params` is a dict with the
        leaves `b` [5], `last` (scalar), `out` [5] and `w` [4, 5]. `args` has `real` [8, 4] and
        `made` [8, 4]. `settings` is empty.
    """
    drift = 0.0 if faulty else 0.1

    def loss(p, real, made):
        def critic(x):
            h = x @ p["w"]
            return jnp.tanh(h + jnp.broadcast_to(p["b"], h.shape)) @ p["out"] + p["last"]

        slopes = jax.vmap(jax.grad(critic))(0.5 * (real + made))
        penalty = jnp.mean((jnp.sqrt((slopes**2).sum(-1) + 1e-6) - 1) ** 2)
        apart = jnp.mean(critic(made)) - jnp.mean(critic(real))
        return apart + penalty + (drift * jnp.mean(critic(real) ** 2) if drift else 0.0)

    params = {"w": normal(425, 4, 5), "b": 0.1 * normal(426, 5), "out": normal(427, 5)}
    return Example(loss, params | {"last": jnp.float32(0.3)}, (X, Y))


FAULTS = [
    Fault("wrong", ("encoder",), reversed_by_rule, held_out=True),
    Fault("invariant", ("last",), bias_of_a_critic, held_out=True),
]
