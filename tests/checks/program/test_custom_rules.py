"""A custom rule, traced to jaxprs of both modes."""

import jax
import jax.numpy as jnp
import numpy as np

from checks.program.custom_rules import CustomRule
from checks.program.interpret import Interpreter

X, Y = jnp.array([0.5, 2.0]), jnp.array([3.0, 4.0])


@jax.custom_jvp
def multiply(x, y):
    return x * y, y


@multiply.defjvp
def _(primals, tangents):
    x, y = primals
    return multiply(x, y), (5 * (tangents[0] * y + tangents[1] * x), 7 * tangents[1])


@jax.custom_vjp
def cube(x, n):
    return x**3 * n


cube.defvjp(lambda x, n: (cube(x, n), (x, n)), lambda r, g: (5 * r[0] ** 2 * g * r[1], None))


def rule_of(function, *operands, moved, seen):
    (equation,) = jax.make_jaxpr(function)(*operands).eqns
    return CustomRule(equation, moved, seen, wide=False)


def test_forward_mode_gives_all_results_and_the_tangents_of_the_seen_ones():
    rule = rule_of(multiply, X, Y, moved=[0], seen=[0, 1])
    (found, y, slope, zero), _ = Interpreter().run(rule.trace_forward(), [X, Y, jnp.ones(2)])
    np.testing.assert_allclose([found, y], [X * Y, Y])
    np.testing.assert_allclose([slope, zero], [5 * Y, 0 * Y])


def test_reverse_mode_gives_residuals_and_the_cotangents_of_the_moved_operands():
    rule = rule_of(cube, X, 2.0, moved=[0], seen=[0])
    first, second = rule.trace_reverse()
    (found, *residuals), _ = Interpreter().run(first, [X, jnp.float32(2)])
    np.testing.assert_allclose(found, 2 * X**3)
    ((slope,), _) = Interpreter().run(second, [*residuals, jnp.ones(2)])
    np.testing.assert_allclose(slope, 10 * X**2)


def test_a_rule_is_traced_in_the_types_of_the_program():
    rule = rule_of(cube, X, 2.0, moved=[0], seen=[0])
    with jax.enable_x64(True):
        first, _ = rule.trace_reverse()
    assert {x.dtype for x in first.out_avals} == {np.dtype("float32")}
