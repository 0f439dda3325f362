"""Diffrax, with Optimistix and Lineax below it: neural differential equations, implicit layers."""

from importlib import import_module
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from checks.faults.clean.registry import integers
from checks.faults.registry import Model, normal

LIBRARY = "diffrax"


def _field(inputs: int, outputs: int, seed: int = 0) -> Any:
    return eqx.nn.MLP(inputs, outputs, 8, 1, activation=jnp.tanh, key=jax.random.key(seed))


def _model(net: Any, loss: Any, *args: Any) -> Model:
    params, static = eqx.partition(net, eqx.is_inexact_array)
    return Model(lambda p, *args: loss(eqx.combine(p, static), *args), params, args)


def neural_ode(diffrax: Any) -> Model:
    """Diffrax's neural ODE example in small: Tsit5, PIDController, a path against its data."""

    def loss(field, start, paths):
        times = jnp.linspace(0.0, 1.0, 5)

        def solve(y):
            return diffrax.diffeqsolve(
                diffrax.ODETerm(lambda t, y, args: field(y)),
                diffrax.Tsit5(),
                t0=0.0,
                t1=1.0,
                dt0=0.1,
                y0=y,
                stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-6),
                saveat=diffrax.SaveAt(ts=times),
                max_steps=64,
            ).ys

        return jnp.mean((jax.vmap(solve)(start) - paths) ** 2)

    return _model(_field(2, 2), loss, normal(1, 4, 2), normal(2, 4, 5, 2))


def neural_ode_adjoint(diffrax: Any) -> Model:
    """diffrax.BacksolveAdjoint through Dopri5 at a constant step."""

    def loss(field, start, target):
        def solve(y):
            return diffrax.diffeqsolve(
                diffrax.ODETerm(lambda t, y, args: args(y)),
                diffrax.Dopri5(),
                t0=0.0,
                t1=1.0,
                dt0=0.02,
                y0=y,
                args=field,
                adjoint=diffrax.BacksolveAdjoint(),
                max_steps=64,
            ).ys[-1]

        return jnp.mean((jax.vmap(solve)(start) - target) ** 2)

    return _model(_field(2, 2), loss, normal(1, 4, 2), normal(2, 4, 2))


def neural_cde(diffrax: Any) -> Model:
    """Diffrax's neural CDE example in small: a cubic Hermite control, a classifier on the end."""
    net = {"start": _field(3, 4, 0), "field": _field(4, 12, 1), "out": _field(4, 1, 2)}

    def loss(net, x, labels):
        times = jnp.linspace(0.0, 1.0, x.shape[1])

        def logit(path):
            path = jnp.concatenate([times[:, None], path], 1)
            control = diffrax.CubicInterpolation(
                times, diffrax.backward_hermite_coefficients(times, path)
            )
            term = diffrax.ControlTerm(
                lambda t, y, args: jnp.tanh(net["field"](y)).reshape(4, 3), control
            ).to_ode()
            end = diffrax.diffeqsolve(
                term, diffrax.Heun(), 0.0, 1.0, 0.1, net["start"](path[0]), max_steps=16
            ).ys[-1]
            return net["out"](end)[0]

        signs = 1 - 2 * labels
        return jnp.mean(jax.nn.softplus(signs * jax.vmap(logit)(x)))

    return _model(net, loss, normal(3, 8, 5, 2), integers(4, 2, 8))


def neural_sde(diffrax: Any) -> Model:
    """diffrax.EulerHeun over a VirtualBrownianTree, drift and diffusion learned from moments."""
    net = {"drift": _field(2, 2, 0), "diffusion": _field(2, 2, 1)}

    def loss(net, keys, target):
        def solve(key):
            noise = diffrax.VirtualBrownianTree(0.0, 1.0, 1e-2, (2,), key)

            def spread(t, y, args):
                return jnp.diag(jax.nn.softplus(net["diffusion"](y)))

            terms = diffrax.MultiTerm(
                diffrax.ODETerm(lambda t, y, args: net["drift"](y)),
                diffrax.ControlTerm(spread, noise),
            )
            start = jnp.ones(2)
            return diffrax.diffeqsolve(
                terms, diffrax.EulerHeun(), 0.0, 1.0, 0.1, start, max_steps=16
            ).ys[-1]

        ends = jax.vmap(solve)(keys)
        return jnp.mean((ends.mean(0) - target) ** 2) + jnp.mean((ends.std(0) - 1.0) ** 2)

    return _model(net, loss, jax.random.split(jax.random.key(5), 16), normal(6, 2))


def stiff_implicit(diffrax: Any) -> Model:
    """diffrax.Kvaerno3 on the rates of Robertson's problem, Newton steps inside."""

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
    return Model(loss, rates, (jnp.array([1.0, 0.5, 0.2]), jnp.array([0.3, 0.3, 0.4])))


def deep_equilibrium(diffrax: Any) -> Model:
    """optimistix.root_find by Newton, differentiated implicitly: a deep equilibrium layer."""
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


def bilevel_ridge(diffrax: Any) -> Model:
    """optimistix.least_squares inside the loss: penalties of features learned on held-out data."""
    optx = import_module("optimistix")

    def loss(penalty, x, y, held_x, held_y):
        def residual(w, args):
            return jnp.concatenate([x @ w - y, jnp.exp(penalty) * w])

        solver = optx.LevenbergMarquardt(rtol=1e-6, atol=1e-6)
        fitted = optx.least_squares(residual, solver, jnp.zeros(3)).value
        return jnp.mean((held_x @ fitted - held_y) ** 2)

    data = normal(0, 12, 3), normal(1, 12), normal(2, 12, 3), normal(3, 12)
    return Model(loss, jnp.array([0.3, -0.5, 0.1]), data)


def kernel_ridge(diffrax: Any) -> Model:
    """lineax.linear_solve with a positive semidefinite operator: a kernel's width and noise."""
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
    return Model(loss, {"width": jnp.zeros(3) - 0.5, "noise": jnp.float32(-1.0)}, data)


MODELS = [
    neural_ode,
    neural_ode_adjoint,
    neural_cde,
    neural_sde,
    stiff_implicit,
    deep_equilibrium,
    bilevel_ridge,
    kernel_ridge,
]
