"""Custom rules are asked only for what the program asks of them: they may refuse the rest."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax
from jax.custom_derivatives import SymbolicZero

from checks import diagnose
from checks.program.places import is_jax_rule

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
    assert report.notes == ()


def test_such_a_rule_is_still_compared_with_its_function():
    @jax.custom_vjp
    def wrong(x, count):
        return _halved(x, count)

    wrong.defvjp(_forward, lambda count, slope: (slope * 0.501**count, None), symbolic_zeros=True)
    report = diagnose(lambda p, x, c: jnp.mean(wrong(p["w"] * x, c) ** 2), {"w": 1.5}, X, 3.0)
    assert report["w"].verdict == "wrong"


@jax.custom_gradient
def _reversed(x):
    return x, lambda slope: (-slope,)


@jax.custom_jvp
def _written_by_hand(x):
    return jnp.sin(x)


_sine = jax.custom_jvp(jnp.sin)  # JAX's function, and a user's rule
for _function in (_written_by_hand, _sine):
    _function.defjvp(lambda primals, tangents: (jnp.sin(primals[0]), tangents[0]))


@pytest.mark.parametrize("function", [_reversed, jax.vmap(_reversed), _written_by_hand, _sine])
def test_whose_rule_it_is_goes_by_the_rule_and_not_by_what_jax_puts_around_it(function):
    loss = lambda p, x: jnp.sum(function(p["w"] * x) ** 2)  # noqa: E731
    leaf = diagnose(loss, {"w": jnp.float32(0.7)}, X, cures=False)["w"]
    assert leaf.verdict == "wrong" and "test_rules.py" in leaf.where[0]


def test_a_rule_of_jax_itself_is_not_compared():
    loss = lambda p, x: jnp.sum(jnp.logaddexp(jax.nn.relu(p * x), x))  # noqa: E731
    calls = [e for e in jax.make_jaxpr(loss)(0.7, X).eqns if "custom" in e.primitive.name]
    assert calls and all(map(is_jax_rule, calls))
