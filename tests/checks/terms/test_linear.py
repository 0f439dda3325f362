"""In which operands equations are linear, and which sums of arrays are sums of terms."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.terms.linear import find_linear_operands, is_sum
from tests.checks.terms.searched import W, X, count


def _equation(function, *args):
    return jax.make_jaxpr(function)(*args).jaxpr.eqns[-1]


@pytest.mark.parametrize(
    "function, value, tangent, expected",
    [
        (lambda x, y: x + y, (1, 1), (1, 1), (0, 1)),
        (lambda x, y: x * y, (1, 0), (1, 0), (0,)),
        (lambda x, y: x * y, (1, 2), (0, 2), (1,)),
        (lambda x, y: x * y, (1, 2), (1, 2), ()),
        (lambda x, y: x * y, (1, 2), (0, 0), ()),
        (lambda x, y: x / y, (1, 2), (1, 0), (0,)),
        (lambda x, y: x / y, (0, 2), (0, 2), ()),
        (lambda x, y: jnp.dot(x, y), (0, 1), (0, 1), (1,)),
        (lambda x, y: jnp.outer(x, y) @ y, (0, 1), (0, 1), ()),
        (lambda x, y: lax.select(x > 0, x, y), (1, 1, 1), (0, 1, 1), (1, 2)),
        (lambda x, y: jnp.sin(y), (1,), (1,), ()),
        (lambda x, y: jnp.sum(y), (1,), (1,), (0,)),
        (lambda x, y: jnp.concatenate([x, y]), (1, 1), (1, 1), ()),
    ],
)
def test_linear_operands(function, value, tangent, expected):
    assert find_linear_operands(_equation(function, W, X), value, tangent) == expected


def test_sums():
    assert is_sum(_equation(lambda x: x - 1.0, X)) and not is_sum(_equation(lambda x: 2.0 * x, X))


def _table(p):
    return jnp.outer(p["w"], p["v"])


def test_losses_of_samples_are_split():
    def of_statements(p):
        fit = jnp.sum(_table(p) ** 2, axis=-1)
        size = jnp.sum(jnp.abs(_table(p)), axis=-1)
        return jnp.mean(fit + 0.5 * size)

    def of_elements(p):
        cross = jnp.log1p(jnp.exp(p["w"]))
        square = cross**2
        return jnp.mean(cross * 3.0 + square)

    assert count(of_statements) == (2, 2) and count(of_elements) == (2, 2)


def test_the_inside_of_a_loss_is_not():
    def divergence(p):
        mean, log = p["w"], p["v"]
        return -0.5 * jnp.sum(1 + log - mean**2 - jnp.exp(log))

    def layer(p):
        output = _table(p) @ p["w"] + p["v"]
        return jnp.mean(output - X)

    def cross_entropy(p):
        logits = _table(p) @ jnp.eye(4) + p["v"]
        top = lax.stop_gradient(logits.max(-1, keepdims=True))
        shifted = logits - top
        return -jnp.mean(shifted - jnp.log(jnp.sum(jnp.exp(shifted), -1, keepdims=True)))

    library = lambda p: -jnp.mean(jax.nn.log_softmax(_table(p)))  # noqa: E731
    with jax.numpy_rank_promotion("allow"):
        assert [count(f) for f in (divergence, layer, cross_entropy, library)] == [(1, 1)] * 4
