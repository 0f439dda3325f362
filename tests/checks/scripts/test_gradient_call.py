"""Calls of a gradient as a loss with parameters and arguments."""

import jax
import jax.numpy as jnp
import pytest

from checks.scripts.gradient_call import has_tracers, make_gradient_call

W, X = jnp.ones(3), jnp.arange(3.0)


def loss(p, x, q=1.0, *, bias=0.0):
    return (p * x).sum() * q + bias


def test_a_call_with_the_parameters_first_keeps_the_function():
    call = make_gradient_call(loss, 0, (W, X), {})
    assert call.loss is loss and call.params is W and call.args == (X,)


@pytest.mark.parametrize(
    "argnums, params, args",
    [(1, X, (W, 2.0)), (-2, X, (W, 2.0)), ((0, 1), (W, X), (2.0,)), ([1, 0], (X, W), (2.0,))],
)
def test_other_positions_are_moved_to_the_front(argnums, params, args):
    call = make_gradient_call(loss, argnums, (W, X, 2.0), {})
    assert jax.tree.all(jax.tree.map(jnp.array_equal, (call.params, call.args), (params, args)))
    assert call.loss(call.params, *call.args) == loss(W, X, 2.0)
    assert call.loss.__wrapped__ is loss


def test_arguments_by_name_are_a_dict_at_the_end():
    call = make_gradient_call(loss, 0, (W, X), {"bias": 5.0})
    assert call.args[1:] == ({"bias": 5.0},)
    assert call.loss(call.params, *call.args) == loss(W, X, bias=5.0)


def test_arrays_of_the_closure_are_arguments():
    call = make_gradient_call(lambda p, x=X: loss(p, x), 0, (W,), {})
    assert call.args == ()
    batch = X
    call = make_gradient_call(lambda p: loss(p, batch), 0, (W,), {})
    assert call.args == ({"batch": X},)
    assert call.loss(W, {"batch": 2 * X}) == 2 * loss(W, X)


@pytest.mark.parametrize("params", [2.0, jnp.float32(2), jnp.arange(3), {}, None])
def test_a_number_and_what_has_no_floats_are_no_parameters(params):
    assert make_gradient_call(loss, 0, (params, X), {}) is None


def test_a_position_that_the_call_does_not_have_is_no_call():
    assert make_gradient_call(loss, 4, (W, X), {}) is None


def test_tracers_are_seen_anywhere_in_a_pytree():
    assert not has_tracers({"w": W, "name": "x"})
    seen = []
    jax.make_jaxpr(lambda x: seen.append(has_tracers({"w": [W, x]})))(X)
    assert seen == [True]
