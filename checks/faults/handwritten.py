"""Faults in layers whose derivative is written by hand."""

import jax
import jax.numpy as jnp

from checks.faults.registry import Fault, Model, normal

X = normal(300, 8, 4)


def bias_averaged_over_the_batch(faulty: bool) -> Model:
    """The gradient of a bias is the mean over the batch where it should be the sum."""

    @jax.custom_vjp
    def dense(x, w, b):
        return x @ w + b

    def backward(kept, g):
        x, w = kept
        return g @ w.T, x.T @ g, g.mean(0) if faulty else g.sum(0)

    dense.defvjp(lambda x, w, b: (dense(x, w, b), (x, w)), backward)

    def loss(p, x):
        return jnp.mean((jnp.tanh(dense(x, p["w"], p["b"])) - 1) ** 2)  # here

    return Model(loss, {"w": normal(301, 4, 3), "b": normal(302, 3)}, (X,))


def sign_of_the_second_argument(faulty: bool) -> Model:
    """The rule of sin(x) * y has a minus in front of the derivative in y."""
    sign = -1.0 if faulty else 1.0

    @jax.custom_jvp
    def modulated(x, y):
        return jnp.sin(x) * y

    @modulated.defjvp
    def _(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return modulated(x, y), jnp.cos(x) * y * dx + sign * jnp.sin(x) * dy

    def loss(p, x):
        return jnp.mean((modulated(x @ p["phase"], x @ p["size"]) - 1) ** 2)  # here

    return Model(loss, {"phase": normal(303, 4, 3), "size": normal(304, 4, 3)}, (X,))


def threshold_masked_the_other_way(faulty: bool) -> Model:
    """A rectifier whose gradient passes where the input is cut off."""

    @jax.custom_vjp
    def rectified(z):
        return jnp.where(z > 0.1, z, 0.1)

    def backward(z, g):
        return (jnp.where(z <= 0.1 if faulty else z > 0.1, g, 0.0),)

    rectified.defvjp(lambda z: (rectified(z), z), backward)

    def loss(p, x):
        return jnp.mean((rectified(x @ p["w"]) @ p["out"] - 1) ** 2)  # here

    return Model(loss, {"w": normal(305, 4, 3), "out": normal(306, 3, 2)}, (X,))


def zeros_for_the_vector(faulty: bool) -> Model:
    """A product whose rule serves the matrix and gives zeros for what it is applied to."""

    @jax.custom_vjp
    def product(matrix, vector):
        return matrix @ vector

    def backward(kept, g):
        matrix, vector = kept
        return jnp.outer(g, vector), jnp.zeros_like(vector) if faulty else matrix.T @ g

    product.defvjp(lambda m, v: (product(m, v), (m, v)), backward)

    def loss(p, x):
        hidden = jnp.tanh(product(p["first"], x))
        return jnp.sum((product(p["second"], hidden) - 1) ** 2)  # here

    return Model(loss, {"first": normal(307, 3, 4), "second": normal(308, 2, 3)}, (X[0],))


FAULTS = [
    Fault("wrong", ("b",), bias_averaged_over_the_batch, report="kvfrans/notes#5"),
    Fault("wrong", ("size",), sign_of_the_second_argument, report="jax-ml/jax#3213"),
    Fault(
        "wrong",
        ("w",),
        threshold_masked_the_other_way,
        report="pytorch/pytorch#1860",
        held_out=True,
    ),
    Fault("blocked", ("first",), zeros_for_the_vector, report="jax-ml/jax#17496"),
]
