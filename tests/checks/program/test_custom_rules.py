"""A custom rule, traced to jaxprs of both modes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program import jaxprs
from checks.program.custom_rules import (
    RuleCall,
    UntraceableRule,
    is_own_rule,
    run_plainly,
    run_rule,
    trace_rule,
)
from checks.program.interpret import Interpreter
from checks.program.places import describe_rule

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


def call_of(function, *operands, moved, seen):
    (equation,) = jax.make_jaxpr(function)(*operands).eqns
    return RuleCall(equation, moved, seen, False)


def test_forward_mode_gives_all_results_and_the_tangents_of_the_seen_ones():
    rule = trace_rule(call_of(multiply, X, Y, moved=(0,), seen=(0, 1)))
    found, y, slope, zero = run_plainly(rule.first, [X, Y, jnp.ones(2)])
    np.testing.assert_allclose([found, y], [X * Y, Y])
    np.testing.assert_allclose([slope, zero], [5 * Y, 0 * Y])
    assert rule.second is None


def test_reverse_mode_gives_residuals_and_the_cotangents_of_the_moved_operands():
    rule = trace_rule(call_of(cube, X, 2.0, moved=(0,), seen=(0,)))
    found, *residuals = run_plainly(rule.first, [X, jnp.float32(2)])
    np.testing.assert_allclose(found, 2 * X**3)
    (slope,) = run_plainly(rule.second, [*residuals, jnp.ones(2)])
    np.testing.assert_allclose(slope, 10 * X**2)


def test_a_rule_is_traced_in_the_types_of_the_program():
    call = call_of(cube, X, 2.0, moved=(0,), seen=(0,))
    with jax.enable_x64(True):
        rule = trace_rule(call)
    assert {x.dtype for x in rule.first.out_avals} == {np.dtype("float32")}


def count_calls(fails=False):
    """A function whose rule counts how often it is asked, for each set of moved operands."""
    asked = []

    @jax.custom_vjp
    def function(x, y):
        return x * y

    def forward(x, y):
        asked.append((x.perturbed, y.perturbed))
        return x.value * y.value, (x.value, y.value)

    def backward(saved, g):
        if fails:
            raise RuntimeError("first\nsecond")
        return g * saved[1], g * saved[0]

    function.defvjp(forward, backward, symbolic_zeros=True)
    return function, asked


def slope(closed, *operands, by=0):
    run = lambda *given: Interpreter().run(closed, given)[0][0].sum()  # noqa: E731
    return jax.grad(run, by)(*operands)


def test_a_rule_is_asked_once_for_each_set_of_operands_however_often_it_is_run():
    function, asked = count_calls()
    closed = jax.make_jaxpr(function)(X, Y)
    for _ in range(3):
        np.testing.assert_array_equal(slope(closed, X, Y), Y)
        np.testing.assert_array_equal(slope(closed, X, Y, by=1), X)
        np.testing.assert_array_equal(slope(closed, X, Y, by=(0, 1)), [Y, X])
    assert asked == [(True, False), (False, True), (True, True)]


def test_a_rule_that_raised_raises_the_same_again_without_being_asked():
    function, asked = count_calls(fails=True)
    call = call_of(function, X, Y, moved=(0,), seen=(0,))
    for _ in range(2):
        with pytest.raises(UntraceableRule, match=r"^RuntimeError: first$"):
            trace_rule(call)
    assert len(asked) == 1


def test_what_a_rule_keeps_may_differ_between_sets_of_operands():
    """JAX itself mixes up what was kept, if an equation is asked again for the first set."""

    @jax.custom_vjp
    def function(x, y):
        return x * y

    def forward(x, y):
        saved = {"y": y.value} if x.perturbed else {}
        return x.value * y.value, saved | ({"x": x.value} if y.perturbed else {})

    def backward(saved, g):
        return g * saved["y"] if "y" in saved else None, g * saved["x"] if "x" in saved else None

    function.defvjp(forward, backward, symbolic_zeros=True)
    closed = jax.make_jaxpr(lambda x, y: function(x, y))(X, Y)
    for _ in range(2):
        np.testing.assert_array_equal(slope(closed, X, Y), Y)
        np.testing.assert_array_equal(slope(closed, X, Y, by=(0, 1)), [Y, X])


@pytest.mark.parametrize("function", [multiply, cube])
def test_a_call_that_is_run_again_keeps_its_name(function):
    (equation,) = jax.make_jaxpr(function)(X, Y).eqns
    again = jax.make_jaxpr(lambda *given: run_rule(equation, given, False))(X, Y).eqns[0]
    assert again.primitive is equation.primitive
    assert describe_rule(again) == describe_rule(equation)
    assert function.__name__ in describe_rule(again) and "test_custom_rules.py" in describe_rule(
        again
    )


def test_the_rules_of_jax_are_left_to_jax_unless_they_take_a_function():
    root = lambda x: lax.custom_root(  # noqa: E731
        lambda y: y**2 - x, x, lambda f, y: jnp.sqrt(x), lambda g, y: y / g(1.0)
    )
    functions = {jax.nn.relu: False, jnp.logaddexp: False, multiply: True, root: True}
    found = {}
    for function in functions:
        operands = [jnp.float32(2)] * (2 if function in (multiply, jnp.logaddexp) else 1)
        closed = jax.make_jaxpr(function)(*operands)
        queue, calls = [closed], []
        while queue:
            for equation in jaxprs.open_jaxpr(queue.pop()).eqns:
                is_call = equation.primitive.name in jaxprs.CUSTOM_RULES
                calls += [is_own_rule(equation)] if is_call else []
                queue += [] if is_call else jaxprs.find_sub_jaxprs(equation)
        found[function] = set(calls)
    if not found[root]:  # from jax 0.12 on it is an opaque primitive, without a rule to ask
        del found[root], functions[root]
    assert found == {function: {is_own} for function, is_own in functions.items()}
