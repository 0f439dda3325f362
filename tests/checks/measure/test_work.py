"""The work of a program, from its shapes."""

import jax
import jax.numpy as jnp
from jax import lax

from checks.measure.work import count_work


def _count(function, *shapes):
    arguments = [jnp.ones(shape) for shape in shapes]
    return count_work(jax.make_jaxpr(function)(*arguments))


def test_products_count_their_sums():
    assert _count(jnp.matmul, (4, 5), (5, 6)) - _count(jnp.tanh, (1,)) == 4 * 5 * 6 - 1
    convolve = lambda x, w: lax.conv(x, w, (1, 1), "SAME")  # noqa: E731
    assert _count(convolve, (2, 3, 8, 8), (5, 3, 2, 2)) == 2 * 5 * 8 * 8 * 3 * 2 * 2 + 1000


def test_loops_count_their_steps():
    body = lambda c, x: (jnp.tanh(c), None)  # noqa: E731
    scanned = _count(lambda c, x: lax.scan(body, c, x)[0], (7,), (50,))
    assert scanned == 50 * _count(jnp.tanh, (7,))
    assert _count(jax.jit(jnp.tanh), (7,)) == _count(jnp.tanh, (7,))
