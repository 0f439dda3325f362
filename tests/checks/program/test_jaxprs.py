"""Reading jaxprs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import core

from checks.program import jaxprs

X = jnp.array([0.3, -0.7])


def trace(function, *operands):
    return jax.make_jaxpr(function)(*operands or (X,))


def first(function, *operands):
    return trace(function, *operands).eqns[0]


cubed = jax.custom_vjp(lambda x: x**3)
cubed.defvjp(lambda x: (x**3, x), lambda x, g: (3 * x**2 * g,))


def scan(x):
    """A scan whose body reads a constant."""
    y = jnp.sin(x)
    return lax.scan(lambda c, t: (c * y.sum() + t, c), x[0], x)[0]


def find_scan():
    (equation,) = [e for e in trace(scan).eqns if e.primitive.name == "scan"]
    return equation


def test_an_open_jaxpr_has_no_constants_and_a_closed_one_has_its_own():
    table = np.arange(3.0)
    closed = trace(lambda x: x[0] * jnp.asarray(table))
    assert jaxprs.open_jaxpr(closed) is jaxprs.open_jaxpr(jaxprs.open_jaxpr(closed))
    assert [np.shape(x) for x in jaxprs.get_constants(closed)] in ([(3,)], [])
    assert jaxprs.get_constants(first(jax.jit(jnp.sin)).params["jaxpr"]) == ()


def test_literals_are_told_from_variables():
    one, two = first(lambda x: x * 2.0).invars
    assert [jaxprs.is_literal(one), jaxprs.is_literal(two)] == [False, True]


@pytest.mark.parametrize(
    "dtype, expected",
    [("float32", True), ("bfloat16", True), ("complex64", True), ("int32", False), ("bool", False)],
)
def test_floats_and_complex_numbers_are_differentiable(dtype, expected):
    (variable,) = trace(lambda x: x, jnp.zeros(2, dtype)).jaxpr.invars
    assert jaxprs.is_differentiable(variable) is expected


def test_references_are_told_from_arrays():
    def writes(x):
        ref = jax.new_ref(x)
        ref[...] = x
        return ref[...]

    equations = trace(writes).eqns
    assert [any(map(jaxprs.is_reference, e.invars)) for e in equations] == [False, True, True]


def test_calls_have_a_callee_and_control_flow_has_none():
    assert jaxprs.find_callee(first(jax.jit(jnp.sin))) is not None
    assert jaxprs.find_callee(first(jax.checkpoint(jnp.sin))) is not None
    assert jaxprs.find_callee(first(jnp.sin)) is None
    loop = first(lambda x: lax.cond(True, jnp.sin, jnp.cos, x))
    assert jaxprs.find_callee(loop) is None


def test_control_flow_and_calls_can_be_run_inside_and_custom_rules_not():
    assert jaxprs.is_control(find_scan())
    assert jaxprs.is_control(first(jax.jit(jnp.sin)))
    assert not jaxprs.is_control(first(cubed)) and not jaxprs.is_control(first(jnp.sin))


def test_primitives_are_collected_from_sub_jaxprs_too():
    both = lambda x: jax.jit(lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x))(x)  # noqa: E731
    assert {"cond", "sin", "cos", "gt"} <= jaxprs.collect_primitives(trace(both))
    (call,) = trace(both).eqns
    assert len(jaxprs.find_sub_jaxprs(call)) == 1


def test_constants_and_carries_of_a_scan_are_counted():
    assert jaxprs.count_scan_inputs(find_scan()) == (1, 1)


def test_own_primitives_are_read_and_foreign_ones_and_kernels_are_opaque():
    foreign = core.Primitive("foreign")
    foreign.def_impl(lambda x: x)
    foreign.def_abstract_eval(lambda x: x)
    assert jaxprs.is_opaque(first(foreign.bind))
    assert not jaxprs.is_opaque(first(jnp.sin)) and not jaxprs.is_opaque(first(cubed))


def test_a_custom_rule_has_a_body():
    equation = first(cubed)
    body = jaxprs.get_custom_body(equation)
    assert jaxprs.collect_primitives(body) == {"integer_pow"}
    assert jaxprs.count_constant_operands(equation) == 0
    assert jaxprs.count_constant_operands(first(jnp.sin)) == 0


def test_binding_computes_an_equation_and_gives_a_list():
    (found,) = jaxprs.bind(first(jnp.sin), [X])
    np.testing.assert_array_equal(found, jnp.sin(X))
    (found,) = jaxprs.bind(first(cubed), [np.asarray(X)])
    np.testing.assert_allclose(found, X**3, rtol=1e-6)
    values = jaxprs.bind(first(lambda x: lax.sort((x, x), num_keys=1)), [X, X])
    assert len(values) == 2


def test_detached_operands_have_no_tangent():
    slope = jax.grad(lambda x: (jaxprs.detach([x])[0] * x).sum())(X)
    np.testing.assert_array_equal(slope, X)


def test_a_struct_has_shape_type_and_weakness():
    (variable,) = trace(lambda x: x, 2.0).jaxpr.invars
    struct = jaxprs.get_struct(variable)
    assert (struct.shape, struct.dtype, struct.weak_type) == ((), jnp.float32, True)
