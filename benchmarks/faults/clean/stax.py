"""JAX itself: stax nets, odeint, attention of jax.nn, functions of jax.scipy."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental.ode import odeint

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "jax.example_libraries.stax"


def _classifier(net: Any, x: jax.Array) -> Example:
    init, apply = net
    params = init(jax.random.key(0), (-1, *x.shape[1:]))[1]

    def loss(p, x, targets):
        return -jnp.mean(jnp.sum(apply(p, x) * targets, 1))

    return Example(loss, params, (x, jax.nn.one_hot(integers(1, 3, len(x)), 3)))


def mnist_classifier(stax: Any) -> Example:
    """Builds JAX's MNIST example, smaller: stax.Dense, Softplus, LogSoftmax.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x, targets)` returns the mean cross-entropy. `params` is the
        net's nested list of arrays, as stax initialises it. `args` has `x` [16, 6] and
        `targets` [16, 3]. `settings` is empty.
    """
    layers = [stax.Dense(8), stax.Softplus, stax.Dense(8), stax.Softplus]
    return _classifier(stax.serial(*layers, stax.Dense(3), stax.LogSoftmax), normal(0, 16, 6))


def resnet_block(stax: Any) -> Example:
    """Builds JAX's resnet50 example, tiny: stax.FanOut, FanInSum, Conv, BatchNorm.

    Stax cannot leave out the bias of Conv, which BatchNorm takes away.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x, targets)` returns the mean cross-entropy. `params` is the
        net's nested list of arrays, as stax initialises it. `args` has `x` [16, 6, 6, 4] and
        `targets` [16, 3]. `settings` has `allow`, entries (name pattern, verdict, reason) for
        leaves that cannot learn by design.
    """
    main = stax.serial(stax.Conv(4, (3, 3), padding="SAME"), stax.BatchNorm(), stax.Relu)
    both = stax.serial(stax.FanOut(2), stax.parallel(main, stax.Identity), stax.FanInSum)
    pool = stax.AvgPool((2, 2), strides=(2, 2))
    net = stax.serial(both, pool, stax.Flatten, stax.Dense(3), stax.LogSoftmax)
    reason = "a constant for each channel, which the BatchNorm behind it subtracts"
    allow = [("0/1/0/0/1", "invariant", reason)]
    return _classifier(net, normal(0, 16, 6, 6, 4))._replace(settings={"allow": allow})


def neural_ode(stax: Any) -> Example:
    """Builds a model with jax.experimental.ode.odeint through a stax net, adjoint gradients.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, start, target)` returns the mean squared error of the last
        state. `params` is the net's nested list of arrays, as stax initialises it. `args` has
        `start` [4, 2] and `target` [4, 2]. `settings` is empty.
    """
    init, apply = stax.serial(stax.Dense(6), stax.Tanh, stax.Dense(2))
    params = init(jax.random.key(0), (-1, 2))[1]

    def loss(p, start, target):
        times = jnp.linspace(0.0, 1.0, 3)
        path = odeint(lambda y, t: apply(p, y), start, times, rtol=1e-6, atol=1e-8)
        return jnp.mean((path[-1] - target) ** 2)

    return Example(loss, params, (normal(0, 4, 2), normal(1, 4, 2)))


def grouped_query_attention(stax: Any) -> Example:
    """Builds jax.nn.dot_product_attention, causal, with four query heads over two of keys.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x, labels)` returns the mean cross-entropy over five classes.
        `params` is a dict with the leaves `key` [8, 2, 4], `out` [16, 5], `query` [8, 4, 4] and
        `value` [8, 2, 4]. `args` has `x` [4, 6, 8] and `labels` [4, 6] int32. `settings` is empty.
    """
    shapes = {"query": (8, 4, 4), "key": (8, 2, 4), "value": (8, 2, 4), "out": (16, 5)}
    params = {name: 0.4 * normal(i, *shape) for i, (name, shape) in enumerate(shapes.items())}

    def loss(p, x, labels):
        q, k, v = (jnp.einsum("btd,dhk->bthk", x, p[n]) for n in ("query", "key", "value"))
        mixed = jax.nn.dot_product_attention(q, k, v, is_causal=True)
        logs = jax.nn.log_softmax(mixed.reshape(*x.shape[:2], -1) @ p["out"])
        return -jnp.mean(jnp.take_along_axis(logs, labels[..., None], -1))

    return Example(loss, params, (normal(5, 4, 6, 8), integers(6, 5, 4, 6)))


def student_mixture(stax: Any) -> Example:
    """Builds a mixture's likelihood by jax.scipy.stats.t and logsumexp, degrees learned.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x)` returns the mean negative log-likelihood. `params` is a dict
        with the leaves `degrees` [3], `place` [3], `weight` [3] and `width` [3]. `args` has
        `x` [64]. `settings` is empty.
    """
    zeros = {name: jnp.zeros(3) for name in ("weight", "width", "degrees")}
    params = zeros | {"place": jnp.array([-1.0, 0.5, 2.0])}

    def loss(p, x):
        degrees, width = 2 + jax.nn.softplus(p["degrees"]), jnp.exp(p["width"])
        logs = jax.scipy.stats.t.logpdf(x[:, None], degrees, p["place"], width)
        return -jax.scipy.special.logsumexp(logs + jax.nn.log_softmax(p["weight"]), -1).mean()

    return Example(loss, params, (2 * normal(0, 64),))


def fixed_point(stax: Any) -> Example:
    """Builds an implicit layer: jax.lax.custom_root by Newton's method, jax.numpy.linalg.solve.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean squared error. `params` is the net's
        nested list of arrays, as stax initialises it. `args` has `x` [8, 3] and `y` [8, 4].
        `settings` is empty.
    """
    init, apply = stax.serial(stax.Dense(4), stax.Tanh)
    params = init(jax.random.key(0), (-1, 7))[1]

    def layer(p, x):
        def residual(z):
            return z - apply(p, jnp.concatenate([0.3 * z, x]))

        def solve(f, start):
            def newton(_, z):
                return z - jnp.linalg.solve(jax.jacobian(f)(z), f(z))

            return lax.fori_loop(0, 8, newton, start)

        def tangent(g, y):
            return jnp.linalg.solve(jax.jacobian(g)(y), y)

        return lax.custom_root(residual, jnp.zeros(4), solve, tangent)

    def loss(p, x, y):
        return jnp.mean((jax.vmap(lambda row: layer(p, row))(x) - y) ** 2)

    return Example(loss, params, (normal(0, 8, 3), normal(1, 8, 4)))


def solved_targets(stax: Any) -> Example:
    """Builds a regression on roots that jax.lax.while_loop finds under jax.vmap.

    The loop's condition differs between the members of a batch.

    Args:
        stax: The module `jax.example_libraries.stax`.

    Returns:
        An `Example`: `loss(params, x)` returns the mean squared error. `params` is the net's
        nested list of arrays, as stax initialises it. `args` has `x` [8]. `settings` is empty.
    """
    init, apply = stax.serial(stax.Dense(4), stax.Tanh, stax.Dense(1))
    params = init(jax.random.key(0), (-1, 1))[1]

    def find_root(a):
        goes_on = lambda x: jnp.abs(x * x - a) > 1e-3  # noqa: E731
        return lax.while_loop(goes_on, lambda x: 0.5 * (x + a / x), a)

    def loss(p, x):
        target = lax.stop_gradient(jax.vmap(find_root)(x))
        return jnp.mean((apply(p, x[:, None])[:, 0] - target) ** 2)

    return Example(loss, params, (0.1 + normal(0, 8) ** 2,))


MODELS = [
    mnist_classifier,
    resnet_block,
    neural_ode,
    grouped_query_attention,
    student_mixture,
    fixed_point,
    solved_targets,
]
