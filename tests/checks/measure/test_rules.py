"""Custom rules against differences of their functions."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.measure.rules import TOLERANCE, compare_rules, find_rule_calls
from tests.checks.measure.compiled import X, compiled


def _rule(factor):
    function = jax.custom_vjp(lambda x: x**3)
    function.defvjp(lambda x: (x**3, x), lambda x, g: (factor * 3 * x**2 * g,))
    return function


def _compare(loss, params, *args):
    runner, proof, sampler = compiled(loss, params, *args)
    program = proof.program
    calls = find_rule_calls(proof.dependence, program.jaxpr, program.leaf_count)
    return compare_rules(runner, calls, [sampler.keep_parameters(program.args)]) if calls else []


@pytest.mark.parametrize(
    "factor, error, counts",
    [(1.0, 0, False), (1.0001, 1e-4, False), (1.001, 1e-3, True), (0, 1, True)],
)
def test_an_error_counts_above_the_tolerance(factor, error, counts):
    (found,) = _compare(lambda p, x: (_rule(factor)(p["w"]) * x).sum(), {"v": X, "w": X}, X)
    assert found.error == pytest.approx(error, rel=0.1, abs=1e-8) and found.counts is counts
    assert found.is_zero is (factor == 0) and found.operand == 0 and found.leaves == 0b10
    assert "<lambda>" in found.rule and "test_rules.py" in found.place
    assert TOLERANCE == 2e-4


def test_steps_of_a_scan_are_added_up():
    rule = _rule(1.01)
    loss = lambda p, x: lax.scan(lambda s, t: (s + rule(p["w"] * t), None), 0 * X, x)[0].sum()  # noqa: E731
    (found,) = _compare(loss, {"w": X}, jnp.array([0.5, 1.0]))
    assert found.counts and found.error == pytest.approx(0.01, rel=0.1)


def test_calls_off_the_path_or_of_jax_or_in_a_while_are_not_compared():
    rule = _rule(2.0)

    def loss(p, x):
        aside = rule(p["w"])
        looped = lax.while_loop(lambda s: s.sum() < 9, lambda s: rule(s) + 1, p["w"])
        return (jax.nn.relu(p["w"]) + rule(x) + lax.stop_gradient(looped)).sum(), aside

    assert _compare(loss, {"w": X}, X) == []


def test_a_rule_for_several_operands_is_compared_for_those_that_move():
    function = jax.custom_vjp(lambda a, n, b: a * n * b)
    function.defvjp(
        lambda a, n, b: (a * n * b, (a, n, b)),
        lambda r, g: (r[1] * r[2] * g, None, 2 * r[0] * r[1] * g),
    )
    found = _compare(lambda p, n: function(p["a"], n, p["b"]).sum(), {"a": X, "b": X}, X)
    assert [(one.operand, one.counts) for one in found if one.counts] == [(2, True)]
    assert [one.error for one in found if one.operand == 2] == [pytest.approx(1.0, rel=1e-3)]


@pytest.mark.parametrize(
    "function, is_flat",
    [
        (lambda x: jnp.round(x), True),
        (lambda x: x**3, False),
        (lambda x: lax.stop_gradient(x), False),
    ],
)
def test_a_rule_of_a_step_function_is_told_from_one_of_a_function_that_changes(function, is_flat):
    rule = jax.custom_vjp(function)
    rule.defvjp(lambda x: (function(x), None), lambda _, g: (5 * g,))
    (found,) = _compare(lambda p, x: (rule(p * 1.3) * x).sum(), jnp.tile(X, 40), jnp.tile(X, 40))
    assert found.counts and found.is_flat is is_flat and found.error < float("inf")
