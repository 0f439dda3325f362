"""Diffrax, with Optimistix and Lineax below it: implicit steps, layers and fits."""

from importlib import import_module
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, normal

LIBRARY = "diffrax"


def _field(inputs: int, outputs: int, seed: int = 0) -> Any:
    return eqx.nn.MLP(inputs, outputs, 8, 1, activation=jnp.tanh, key=jax.random.key(seed))


def _model(net: Any, loss: Any, *args: Any) -> Example:
    params, static = eqx.partition(net, eqx.is_inexact_array)
    return Example(lambda p, *args: loss(eqx.combine(p, static), *args), params, args)


def stiff_implicit(diffrax: Any) -> Example:
    """Builds diffrax.Kvaerno3 on the rates of Robertson's problem, Newton steps inside.

    Args:
        diffrax: The module `diffrax`.

    Returns:
        An `Example`: `loss(params, start, target)` returns the mean squared error of the state at
        time 1. `params` is an array [3], the logarithms of the rates. `args` has `start` [3] and
        `target` [3]. `settings` is empty.
    """

    def loss(rates, start, target):
        k1, k2, k3 = jnp.exp(rates)

        def field(t, y, args):
            one, two = -k1 * y[0] + k3 * y[1] * y[2], k2 * y[1] ** 2
            return jnp.stack([one, -one - two, two])

        end = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            diffrax.Kvaerno3(),
            t0=0.0,
            t1=1.0,
            dt0=0.02,
            y0=start,
            stepsize_controller=diffrax.PIDController(rtol=1e-4, atol=1e-6),
            max_steps=128,
        ).ys[-1]
        return jnp.mean((end - target) ** 2)

    rates = jnp.array([0.2, 1.0, 0.5])
    return Example(loss, rates, (jnp.array([1.0, 0.5, 0.2]), jnp.array([0.3, 0.3, 0.4])))


def deep_equilibrium(diffrax: Any) -> Example:
    """Builds a deep equilibrium layer by optimistix.root_find, differentiated implicitly.

    Args:
        diffrax: The module `diffrax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean squared error. `params` is the array
        part of a dict of two Equinox modules, `cell` and `out`. `args` has `x` [8, 3] and `y` [8].
        `settings` is empty.
    """
    optx = import_module("optimistix")
    net = {"cell": _field(7, 4, 0), "out": eqx.nn.Linear(4, 1, key=jax.random.key(1))}

    def loss(net, x, y):
        def forward(row):
            def residual(z, args):
                return z - net["cell"](jnp.concatenate([0.3 * z, row]))

            solver = optx.Newton(rtol=1e-6, atol=1e-6)
            return net["out"](optx.root_find(residual, solver, jnp.zeros(4)).value)

        return jnp.mean((jax.vmap(forward)(x)[:, 0] - y) ** 2)

    return _model(net, loss, normal(2, 8, 3), normal(3, 8))


def bilevel_ridge(diffrax: Any) -> Example:
    """Builds penalties learned on held-out data, with optimistix.least_squares inside the loss.

    Args:
        diffrax: The module `diffrax`.

    Returns:
        An `Example`: `loss(params, x, y, held_x, held_y)` returns the mean squared error on the
        held-out data. `params` is an array [3], the logarithms of the penalties. `args` has
        `x` [12, 3], `y` [12], `held_x` [12, 3] and `held_y` [12]. `settings` is empty.
    """
    optx = import_module("optimistix")

    def loss(penalty, x, y, held_x, held_y):
        def residual(w, args):
            return jnp.concatenate([x @ w - y, jnp.exp(penalty) * w])

        solver = optx.LevenbergMarquardt(rtol=1e-6, atol=1e-6)
        fitted = optx.least_squares(residual, solver, jnp.zeros(3)).value
        return jnp.mean((held_x @ fitted - held_y) ** 2)

    data = normal(0, 12, 3), normal(1, 12), normal(2, 12, 3), normal(3, 12)
    return Example(loss, jnp.array([0.3, -0.5, 0.1]), data)


def kernel_ridge(diffrax: Any) -> Example:
    """Builds a kernel's width and noise, with lineax.linear_solve of a semidefinite operator.

    Args:
        diffrax: The module `diffrax`.

    Returns:
        An `Example`: `loss(params, x, y, held_x, held_y)` returns the mean squared error on the
        held-out data. `params` is a dict with the leaves `noise` (scalar) and `width` [3]. `args`
        has `x` [10, 3], `y` [10], `held_x` [10, 3] and `held_y` [10]. `settings` is empty.
    """
    lx = import_module("lineax")

    def loss(p, x, y, held_x, held_y):
        def kernel(a, b):
            distance = ((a[:, None] - b[None]) * jnp.exp(p["width"])) ** 2
            return jnp.exp(-distance.sum(-1))

        gram = kernel(x, x) + jnp.exp(p["noise"]) * jnp.eye(len(x))
        operator = lx.MatrixLinearOperator(gram, lx.positive_semidefinite_tag)
        weights = lx.linear_solve(operator, y).value
        return jnp.mean((kernel(held_x, x) @ weights - held_y) ** 2)

    data = normal(0, 10, 3), normal(1, 10), normal(2, 10, 3), normal(3, 10)
    return Example(loss, {"width": jnp.zeros(3) - 0.5, "noise": jnp.float32(-1.0)}, data)


def saved_steps(diffrax: Any) -> Example:
    """Builds diffrax.Tsit5 with SaveAt at given times, on one rate of decay, under a jitted solve.

    Args:
        diffrax: The module `diffrax`.

    Returns:
        An `Example`: `loss(params, start)` returns the summed squares of the last state. `params`
        is a dict with the leaf `k` (scalar). `args` has `start` [3]. `settings` is empty.
    """

    def loss(p, start):
        states = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, args: -p["k"] * y),
            diffrax.Tsit5(),
            t0=0.0,
            t1=1.0,
            dt0=0.1,
            y0=start,
            saveat=diffrax.SaveAt(ts=jnp.linspace(0.0, 1.0, 5)),
        ).ys
        return jnp.sum(states[-1] ** 2)

    return Example(loss, {"k": jnp.float32(0.5)}, (jnp.arange(1.0, 4.0),))


MODELS = [
    stiff_implicit,
    deep_equilibrium,
    bilevel_ridge,
    kernel_ridge,
    saved_steps,
]
