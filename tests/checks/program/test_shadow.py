"""The float64 shadow computes in wide types what the program computes in its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program.shadow import Widener, make_shadow, widen_dtype
from tests.checks.checked_programs import half_tanh, slightly_off

X = np.array([0.3, -0.7, 1.1])


def solve(x):
    matrix = jnp.diag(jnp.array([2.0, 3.0, 4.0]))
    return lax.custom_linear_solve(
        lambda u: matrix @ u,
        x,
        lambda _, b: jnp.linalg.solve(matrix, b),
        transpose_solve=lambda _, b: jnp.linalg.solve(matrix.T, b),
    )


def call_linear(x):
    multiply = lambda r, u: r * u  # noqa: E731
    return jax.custom_derivatives.linear_call(multiply, multiply, jnp.arange(3.0), x)


PROGRAMS = {
    "casts are undone": lambda x: x.astype(jnp.bfloat16).astype(jnp.float32) * 3,
    "reduce_precision is undone": lambda x: lax.reduce_precision(x, 5, 10) * 3,
    "literals and constants": lambda x: x * jnp.array([1.0, 2.0, 3.0]) + 0.5,
    "a product": lambda x: jnp.dot(x, x, preferred_element_type=jnp.float32),
    "a scan with its own carry": lambda x: lax.scan(
        lambda c, t: (c + jnp.sin(t), None), jnp.float32(0), x
    )[0],
    "a wrong vjp rule": slightly_off,
    "a wrong jvp rule": half_tanh,
    "a linear solve": solve,
    "a linear call": call_linear,
    "a complex number": lambda x: jnp.abs(jnp.fft.rfft(x)),
}


def compute(closed, x):
    with jax.enable_x64(True):
        return jax.core.eval_jaxpr(closed.jaxpr, closed.consts, x)[0]


def differentiate(closed, x):
    with jax.enable_x64(True):
        loss = lambda x: jax.core.eval_jaxpr(closed.jaxpr, closed.consts, x)[0].sum()  # noqa: E731
        return jax.grad(loss)(x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_gradients_are_those_of_the_program_in_float64(name):
    closed = jax.make_jaxpr(PROGRAMS[name])(X.astype(np.float32))
    shadow = make_shadow(closed)
    assert {x.dtype for x in shadow.in_avals} == {np.dtype("float64")}
    found, slope = compute(shadow, X), differentiate(shadow, X)
    assert found.dtype == slope.dtype == np.float64
    np.testing.assert_allclose(found, compute(closed, X.astype(np.float32)), rtol=2e-2)
    if "undone" in name:
        np.testing.assert_array_equal(found, X * 3)
    rule = {"a wrong vjp rule": np.float32(3.003) * X**2, "a wrong jvp rule": 0.5 / np.cosh(X) ** 2}
    if name in rule:
        np.testing.assert_allclose(slope, rule[name], rtol=1e-12)


def test_integers_keys_and_random_bits_stay():
    def draw(x, key):
        return x * jax.random.bernoulli(key, 0.5, (3,)).astype(x.dtype)

    key = jax.random.key(1)
    closed = jax.make_jaxpr(draw)(X.astype(np.float32), key)
    shadow = make_shadow(closed)
    with jax.enable_x64(True):
        (found,) = jax.core.eval_jaxpr(shadow.jaxpr, shadow.consts, X, key)
    np.testing.assert_array_equal(found, X * np.asarray(jax.random.bernoulli(key, 0.5, (3,))))


def test_callbacks_get_their_own_types():
    seen = []

    def look(x):
        seen.append(x.dtype)
        return x

    shape = jax.ShapeDtypeStruct((3,), jnp.float32)
    call = lambda x: jax.pure_callback(look, shape, x, vmap_method="sequential")  # noqa: E731
    assert compute(make_shadow(jax.make_jaxpr(call)(X.astype(np.float32))), X).dtype == np.float64
    assert set(seen) == {np.dtype("float32")}


@pytest.mark.parametrize(
    "dtype, wide",
    [("float16", "float64"), ("complex64", "complex128"), ("int8", "int8"), ("bool", "bool")],
)
def test_floats_become_float64_and_complex_numbers_complex128(dtype, wide):
    assert widen_dtype(jnp.dtype(dtype)) == jnp.dtype(wide)
    key = jax.random.key(0)
    assert widen_dtype(key.dtype) == key.dtype


def test_a_subclass_may_widen_less():
    class ToSingle(Widener):
        type_of = staticmethod(lambda d: jnp.dtype("float32") if d == jnp.bfloat16 else d)

    closed = jax.make_jaxpr(lambda x: x.astype(jnp.bfloat16) * 3)(X.astype(np.float32))
    ((found,), _) = ToSingle().run(closed, [jnp.asarray(X, jnp.float32)])
    np.testing.assert_array_equal(found, X.astype(np.float32) * 3)
