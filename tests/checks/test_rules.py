"""Custom rules are asked only for what the program asks of them: they may refuse the rest."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax
from jax.custom_derivatives import SymbolicZero

from checks import diagnose

X = jnp.linspace(0.5, 2.0, 5)


def _halved(x, count):
    """By a loop whose length is not known when it is traced."""
    return lax.while_loop(lambda s: s[0] < count, lambda s: (s[0] + 1, 0.5 * s[1]), (0.0, x))[1]


@jax.custom_vjp
def _vjp(x, count):
    return _halved(x, count)


def _forward(x, count):
    if count.perturbed:
        raise RuntimeError("count has no derivative")
    return _halved(x.value, count.value), count.value


_vjp.defvjp(_forward, lambda count, slope: (slope * 0.5**count, None), symbolic_zeros=True)


@jax.custom_jvp
def _jvp(x, count):
    return _halved(x, count)


def _rule(primals, tangents):
    if not isinstance(tangents[1], SymbolicZero):
        raise RuntimeError("count has no derivative")
    return _jvp(*primals), tangents[0] * 0.5 ** primals[1]


_jvp.defjvp(_rule, symbolic_zeros=True)


@pytest.mark.parametrize("function", [_vjp, _jvp])
def test_a_rule_may_refuse_a_tangent_that_the_program_does_not_have(function):
    def loss(p, x, count):
        return jnp.mean(function(p["w"] * x, count) ** 2)

    report = diagnose(loss, {"w": 1.5}, X, 3.0)
    assert {leaf.name: leaf.verdict for leaf in report.values()} == {"w": "alive"}
    assert any("could not be traced: RuntimeError" in note for note in report.notes)


def test_such_a_rule_is_still_compared_with_its_function():
    @jax.custom_vjp
    def wrong(x, count):
        return _halved(x, count)

    wrong.defvjp(_forward, lambda count, slope: (slope * 0.501**count, None), symbolic_zeros=True)
    report = diagnose(lambda p, x, c: jnp.mean(wrong(p["w"] * x, c) ** 2), {"w": 1.5}, X, 3.0)
    assert report["w"].verdict == "wrong"
