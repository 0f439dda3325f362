"""Faults in networks that make or train other networks."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X, Y = normal(450, 8, 4), normal(451, 8, 2)


def _adapted(p, x, y, rate, passed):
    """Returns weights after one step on a loss with a learned weight for each datum."""

    def inner(w):
        errors = ((jnp.tanh(x @ w["first"]) @ w["second"] - y) ** 2).mean(-1)
        return jnp.mean(p["importance"] * errors)

    weights = {name: p[name] for name in ("first", "second")}
    slopes = passed(jax.grad(inner)(weights))
    return jax.tree.map(lambda w, g: w - rate * g, weights, slopes)


def _outer(p, x, y, rate=0.1, passed=lambda slopes: slopes):
    fast = _adapted(p, x[:4], y[:4], rate, passed)
    return jnp.mean((jnp.tanh(x[4:] @ fast["first"]) @ fast["second"] - y[4:]) ** 2)


def _params():
    weights = {"first": normal(452, 4, 3), "second": normal(453, 3, 2)}
    return weights | {"importance": 1 + 0.2 * normal(454, 4)}


def first_order_step(faulty: bool) -> Example:
    """Learned weights of data act through an inner step of first order.

    Args:
        faulty: True for this fault; False for the sound twin, whose inner gradient is not stopped.

    Returns:
        An `Example`: `loss(params, x, y)` returns a scalar. `params` is a dict with the leaves
        `first` [4, 3], `importance` [4] and `second` [3, 2]. `args` has `x` [8, 4] and `y` [8, 2].
        `settings` is empty.
    """

    def passed(slopes):
        return lax.stop_gradient(slopes) if faulty else slopes  # here

    def loss(p, x, y):
        return _outer(p, x, y, passed=passed)

    return Example(loss, _params(), (X, Y))


def inner_rate_of_nothing(faulty: bool) -> Example:
    """The learning rate of the inner step is 1e-12.

    Args:
        faulty: True for this fault; False for the sound twin, whose inner learning rate is 0.1.

    Returns:
        An `Example`: `loss(params, x, y)` returns a scalar. `params` is a dict with the leaves
        `first` [4, 3], `importance` [4] and `second` [3, 2]. `args` has `x` [8, 4] and `y` [8, 2].
        `settings` is empty.
    """

    def loss(p, x, y):
        return _outer(p, x, y, rate=1e-12 if faulty else 0.1)

    return Example(loss, _params(), (X, Y))


def hypernetwork_from_zero(faulty: bool) -> Example:
    """One head makes both layers of a network and starts at zero, so neither gets a gradient.

    Args:
        faulty: True for this fault; False for the sound twin, whose head starts at random values.

    Returns:
        An `Example`: `loss(params, x, y, context)` returns a scalar. `params` is a dict with the
        leaves `bias` [2], `head` [3, 18] and `trunk` [5, 3]. `args` has `x` [8, 4], `y` [8, 2] and
        `context` [5]. `settings` is empty.
    """
    head = jnp.zeros((3, 18)) if faulty else normal(455, 3, 18)

    def loss(p, x, y, context):
        made = jnp.tanh(context @ p["trunk"]) @ p["head"]
        first, second = made[:12].reshape(4, 3), made[12:].reshape(3, 2)
        return jnp.mean((jnp.tanh(x @ first) @ second + p["bias"][None] - y) ** 2)

    params = {"trunk": normal(456, 5, 3), "head": head, "bias": normal(457, 2)}
    return Example(loss, params, (X, Y, normal(458, 5)))


FAULTS = [
    Fault("blocked", ("importance",), first_order_step, held_out=True),
    Fault("vanishing", ("importance",), inner_rate_of_nothing, held_out=True),
    Fault("stuck", ("trunk", "head"), hypernetwork_from_zero, held_out=True),
]
