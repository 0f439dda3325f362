"""A stop that lets the gradient of some leaves pass."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.cures.stop_edits import StopOthers

A, B = jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0])


def trace(function):
    closed = jax.make_jaxpr(function)(A, B)
    paths = {(i,) for i, e in enumerate(closed.eqns) if e.primitive.name == "stop_gradient"}
    return closed, paths


def test_the_values_stay_and_only_the_given_leaves_get_a_gradient():
    closed, paths = trace(lambda a, b: (lax.stop_gradient(a * b) ** 2).sum())
    run = lambda a, b: StopOthers(paths, [1], 2).run(closed, [a, b])[0][0]  # noqa: E731
    value, (one, two) = jax.value_and_grad(run, (0, 1))(A, B)
    assert value == ((A * B) ** 2).sum()
    np.testing.assert_array_equal(one, jnp.zeros(2))
    np.testing.assert_allclose(two, 2 * A * B * A)


def test_a_stop_at_another_path_stays():
    closed, _ = trace(lambda a, b: (lax.stop_gradient(a * b) ** 2).sum())
    run = lambda a, b: StopOthers({(99,)}, [1], 2).run(closed, [a, b])[0][0]  # noqa: E731
    np.testing.assert_array_equal(jax.grad(run, 1)(A, B), jnp.zeros(2))


def test_inside_of_control_flow_tracing_raises():
    def loop(a, b):
        return lax.scan(lambda c, t: (lax.stop_gradient(c * t), None), a.sum(), b)[0]

    closed, _ = trace(loop)
    (at,) = [i for i, e in enumerate(closed.eqns) if e.primitive.name == "scan"]
    inside = closed.eqns[at].params["jaxpr"].eqns
    (stop,) = [i for i, e in enumerate(inside) if e.primitive.name == "stop_gradient"]
    with pytest.raises(jax.errors.UnexpectedTracerError):
        StopOthers({(at, 0, stop)}, [1], 2).run(closed, [A, B])
