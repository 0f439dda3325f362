"""A probe measures the cotangent that passes through it."""

import jax
import jax.numpy as jnp
import pytest

from checks.flow.probe import probe


def measure(weights, value):
    def loss(value, token):
        return (weights * probe(value, token)).sum()

    return jax.grad(loss, argnums=(0, 1))(value, jnp.zeros((), value.dtype))


def test_the_token_gets_the_root_mean_square_and_the_value_its_own_gradient():
    weights = jnp.array([3.0, 4.0, 0.0, 0.0])
    gradient, size = measure(weights, jnp.ones(4))
    assert jnp.array_equal(gradient, weights) and size == pytest.approx(2.5)


def test_tiny_cotangents_do_not_underflow():
    with jax.enable_x64(True):
        _, size = measure(jnp.full(4, 1e-200, jnp.float64), jnp.ones(4, jnp.float64))
    assert float(size) == pytest.approx(1e-200)


def test_an_empty_array_has_size_zero():
    assert measure(jnp.zeros(0), jnp.zeros(0))[1] == 0


def test_each_step_of_a_scan_has_a_token_of_its_own():
    def loss(tokens):
        def step(carry, token):
            return 0.5 * probe(carry, token), None

        return jax.lax.scan(step, jnp.float32(1), tokens)[0]

    assert jax.grad(loss)(jnp.zeros(3)) == pytest.approx([1 / 8, 1 / 4, 1 / 2])
