"""Faults in implicit layers: linear solves, fixed points, roots, decompositions."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(270, 6, 3)
SYSTEM = {"matrix": 3 * jnp.eye(3) + normal(271, 3, 3), "right": normal(272, 3)}


def rule_without_the_transpose(faulty: bool) -> Example:
    """The custom derivative rule of a linear solve uses the matrix itself, not its transpose.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule uses the transpose.

    Returns:
        An `Example`: `loss(params)` returns a scalar. `params` is a dict with the leaves
        `matrix` [3, 3] and `right` [3]. `args` is empty. `settings` is empty.
    """

    @jax.custom_vjp
    def solved(matrix, right):
        return jnp.linalg.solve(matrix, right)

    def forward(matrix, right):
        result = solved(matrix, right)
        return result, (matrix, result)

    def backward(kept, g):
        matrix, result = kept
        back = jnp.linalg.solve(matrix if faulty else matrix.T, g)
        return -jnp.outer(back, result), back

    solved.defvjp(forward, backward)

    def loss(p):
        return jnp.sum((solved(p["matrix"], p["right"]) - 1) ** 2)  # here

    return Example(loss, SYSTEM)


def solved_as_symmetric(faulty: bool) -> Example:
    """A call of `custom_linear_solve` states that a matrix is symmetric, which it is not.

    Args:
        faulty: True for this fault; False for the sound twin, which passes a solve of the transpose
            and does not state symmetry.

    Returns:
        An `Example`: `loss(params)` returns a scalar. `params` is a dict with the leaves
        `matrix` [3, 3] and `right` [3]. `args` is empty. `settings` is empty.
    """

    def loss(p):
        matrix, fixed = p["matrix"], lax.stop_gradient(p["matrix"])

        def solve(_, right):
            return jnp.linalg.solve(fixed, right)

        def back(_, right):
            return jnp.linalg.solve(fixed.T, right)

        way = None if faulty else back
        found = lax.custom_linear_solve(  # here
            lambda v: matrix @ v, p["right"], solve, transpose_solve=way, symmetric=faulty
        )
        return jnp.sum((found - 1) ** 2)

    return Example(loss, SYSTEM)


def fixed_point_without_a_step(faulty: bool) -> Example:
    """A fixed point is found without gradient, and no step with a gradient follows.

    Args:
        faulty: True for this fault; False for the sound twin, which applies one step with a
            gradient to the fixed point.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `inner` [4, 4], `out` [4, 2] and `outer` [3, 4]. `args` has `x` [6, 3]. `settings` is empty.
    """

    def loss(p, x):
        def turn(h):
            return jnp.tanh(0.3 * h @ p["inner"] + x @ p["outer"])

        found = lax.fori_loop(0, 20, lambda _, h: turn(h), jnp.zeros((6, 4)))
        found = lax.stop_gradient(found)  # here
        return jnp.mean(((found if faulty else turn(found)) @ p["out"] - 1) ** 2)

    params = {"inner": normal(273, 4, 4), "outer": normal(274, 3, 4), "out": normal(275, 4, 2)}
    return Example(loss, params, (X,))


def start_of_a_root(faulty: bool) -> Example:
    """The derivative of a root does not depend on where its search started.

    Args:
        faulty: True for this fault; False for the sound twin, which runs the two steps of the
            search as plain code, so that the gradient passes through them.

    Returns:
        An `Example`: `loss(params)` returns a scalar. `params` is a dict with the leaves
        `right` [3] and `start` [3]. `args` is empty. `settings` is empty.
    """

    def loss(p):
        def residual(h):
            return h - 0.5 * jnp.tanh(h) - p["right"]

        def search(residual, h):
            return lax.fori_loop(0, 2, lambda _, h: h - 0.7 * residual(h), h)

        def solve(linear, right):
            return right / linear(jnp.ones_like(right))

        if faulty:
            root = lax.custom_root(residual, p["start"], search, solve)  # here
        else:
            root = search(residual, p["start"])
        return jnp.sum((root - 1) ** 2)

    return Example(loss, {"start": normal(276, 3), "right": normal(277, 3)})


def equal_singular_values(faulty: bool) -> Example:
    """A matrix that starts as the identity is decomposed into singular vectors.

    Args:
        faulty: True for this fault; False for the sound twin, which starts at a diagonal of 1, 2
            and 3, so the singular values differ.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `matrix` [3, 3]. `args` has `x` [6, 3]. `settings` is empty.
    """
    start = jnp.eye(3) if faulty else jnp.diag(jnp.array([1.0, 2.0, 3.0]))

    def loss(p, x):
        left, values, right = jnp.linalg.svd(p["matrix"])  # here
        return jnp.mean((x @ (left * jnp.tanh(values)[None]) @ right - 1) ** 2)

    return Example(loss, {"matrix": start}, (X,))


FAULTS = [
    Fault("wrong", ("matrix", "right"), rule_without_the_transpose),
    Fault("wrong", ("matrix", "right"), solved_as_symmetric, held_out=True),
    Fault("blocked", ("inner", "outer"), fixed_point_without_a_step),
    Fault("blocked", ("start",), start_of_a_root, held_out=True),
    Fault("non_finite", ("matrix",), equal_singular_values, report="jax-ml/jax#8732"),
]
