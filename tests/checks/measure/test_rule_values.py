"""Values of custom rules against those of their functions."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.measure.rule_values import find_value_errors
from checks.measure.rules import find_rule_calls
from tests.checks.measure.compiled import X, compiled


def _find(loss, params, *args):
    runner, proof, sampler = compiled(loss, params, *args)
    program = proof.program
    calls = find_rule_calls(proof.dependence, program.jaxpr, program.leaf_count)
    return find_value_errors(runner, calls, [sampler.keep_parameters(program.args)])


def _rule(factor):
    function = jax.custom_vjp(lambda x: x**2)
    function.defvjp(lambda x: (factor * x**2, x), lambda x, g: (2 * x * g,))
    return function


@pytest.mark.parametrize("factor, error", [(1.0, None), (1.0001, None), (1.25, 0.2)])
def test_other_values_are_an_error_of_the_operand_and_of_what_is_multiplied_by_them(factor, error):
    params = {"a": X, "b": X, "c": X}
    loss = lambda p, x: (_rule(factor)(p["a"] * x) * p["b"]).sum() + (p["c"] ** 2).sum()  # noqa: E731
    found = _find(loss, params, X)
    assert [one.error for one in found] == ([] if error is None else [pytest.approx(error)])
    assert [one.leaves for one in found] == ([] if error is None else [0b011])
    assert all("<lambda>" in one.rule and "test_rule_values.py" in one.place for one in found)


def test_values_of_a_jvp_rule_in_a_scan_are_added_up_and_infinite_ones_left_out():
    function = jax.custom_jvp(lambda x: jnp.where(x > 8, jnp.inf, x))
    function.defjvp(lambda primals, tangents: (primals[0] + 3.0, tangents[0]))
    loss = lambda p, x: lax.scan(lambda s, t: (s + function(p * t), None), 0 * X, x)[0][0]  # noqa: E731
    (found,) = _find(loss, X, jnp.array([1.0, 5.0]))
    own, given = jnp.array([1.0, 2, 3, 5]), jnp.array([4.0, 5, 6, 8])  # 10 and 15 are infinite
    size = float(jnp.linalg.norm(own - given) / jnp.linalg.norm(given))
    assert found.error == pytest.approx(size)


def test_a_straight_through_estimate_returns_the_values_of_its_function():
    function = jax.custom_vjp(lambda x: jnp.round(x))
    function.defvjp(lambda x: (jnp.round(x), None), lambda _, g: (g,))
    assert _find(lambda p, x: (function(p * 1.3) * x).sum(), X, X) == []
