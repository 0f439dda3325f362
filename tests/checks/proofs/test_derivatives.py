"""Equations without a reverse derivative, and programs without their tangents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program import jaxprs
from checks.proofs import derivatives
from checks.proofs.derivatives import find_missing_derivatives, stop_tangents, trace_pullback

X = jnp.arange(1.0, 4.0)


def _refuse(message="no derivative"):
    @jax.custom_vjp
    def function(x):
        return x**2

    def backward(_, cotangent):
        raise RuntimeError(message)

    function.defvjp(lambda x: (x**2, None), backward)
    return function


def _missing(function, *args, leaves=1):
    closed = jax.make_jaxpr(function)(*args)
    found = find_missing_derivatives(closed, leaves)
    equations = {id(e): e for e in _all_equations(closed)}
    named = [
        {equations[key].primitive.name: why for key, why in kind.items()}
        for kind in (found.alone, found.underivable)
    ]
    return tuple(named)


def _all_equations(closed):
    for equation in jaxprs.open_jaxpr(closed).eqns:
        yield equation
        for inner in jaxprs.find_sub_jaxprs(equation):
            yield from _all_equations(inner)


def test_a_pullback_has_the_operands_that_move_and_the_results_that_are_seen():
    closed = jax.make_jaxpr(lambda x, i: lax.sort((x, i), num_keys=1))(X, jnp.arange(3))
    (equation,) = closed.eqns
    found = trace_pullback(equation)
    assert (found.moved, found.seen) == ([0], [0])
    assert [x.aval.shape for x in found.jaxpr.jaxpr.invars] == [(3,), (3,), (3,)]
    assert [x.aval.shape for x in found.jaxpr.jaxpr.outvars] == [(3,)]


def test_a_pullback_moves_no_literal():
    (equation,) = jax.make_jaxpr(lambda x: 2.0 * x)(jnp.float32(1)).eqns
    assert trace_pullback(equation).moved == [1]


def test_a_pullback_computes_the_cotangents():
    (equation,) = jax.make_jaxpr(lambda x, y: x * y)(X, 2 * X).eqns
    found = trace_pullback(equation)
    back = jax.core.eval_jaxpr(found.jaxpr.jaxpr, found.jaxpr.consts, X, 2 * X, 3 + X)
    assert np.array_equal(back[0], 2 * X * (3 + X)) and np.array_equal(back[1], X * (3 + X))


def test_what_a_rule_closes_over_does_not_move():
    def loss(x, y):
        @jax.custom_vjp
        def function(a):
            return a * y

        function.defvjp(lambda a: (a * y, None), lambda _, cotangent: (cotangent * y,))
        return function(x)

    (equation,) = jax.make_jaxpr(loss)(X, X).eqns
    assert jaxprs.count_constant_operands(equation) == 1
    assert trace_pullback(equation).moved == [1]


def test_what_jax_can_differentiate_is_not_missing():
    def loss(x):
        carried = lax.scan(lambda c, t: (c * t, None), 1.0, jnp.cbrt(jax.nn.relu(x)))[0]
        return carried + lax.cond(x[0] > 0, jnp.sum, jnp.prod, x)

    assert _missing(loss, X) == ({}, {})


def test_a_rule_that_raises_is_missing_with_its_reason_wherever_it_stands():
    refuse = _refuse("first line\nsecond line")

    def loss(x):
        return lax.scan(lambda c, t: (c + jax.jit(refuse)(t), None), 0.0, x)[0]

    reason = {"custom_vjp_call": "RuntimeError: first line"}
    assert _missing(loss, X) == (reason, reason)


def test_a_reason_may_be_without_words():
    assert _missing(lambda x: _refuse("")(x).sum(), X)[0] == {"custom_vjp_call": "RuntimeError"}


def test_each_call_of_a_rule_is_asked():
    refuse = _refuse()
    closed = jax.make_jaxpr(lambda x: (refuse(x) + refuse(2 * x)).sum())(X)
    assert len(find_missing_derivatives(closed, 1).alone) == 2


def test_equal_equations_have_one_answer():
    def reduced(x):
        return lax.reduce_window(x, 1.0, lambda a, b: a * b + a, (2,), (1,), "VALID").sum()

    closed = jax.make_jaxpr(lambda x: reduced(x) + reduced(x + 1))(X)
    assert len(find_missing_derivatives(closed, 1).alone) == 2


def test_what_is_missing_off_the_path_of_the_leaves_does_no_harm():
    refuse = _refuse()
    alone, underivable = _missing(lambda x, y: x.sum() + refuse(y).sum(), X, X, leaves=1)
    assert list(alone) == ["custom_vjp_call"] and underivable == {}
    assert _missing(lambda x, y: x.sum() + refuse(y).sum(), X, X, leaves=2)[1] == alone


def test_the_loss_is_the_first_output_alone():
    refuse = _refuse()
    alone, underivable = _missing(lambda x: (x.sum(), refuse(x).sum()), X)
    assert list(alone) == ["custom_vjp_call"] and underivable == {}


def test_a_function_called_twice_does_not_end_the_search():
    refuse, twice = _refuse(), jax.jit(jnp.sin)
    loss = lambda x: (jax.jit(refuse)(x) + twice(x) + twice(2 * x)).sum()  # noqa: E731
    assert list(_missing(loss, X)[0]) == ["custom_vjp_call"]


def test_an_equation_without_floats_is_not_asked():
    loss = lambda x, i: (x[lax.population_count(i)]).sum()  # noqa: E731
    assert _missing(loss, X, jnp.arange(3)) == ({}, {})


def test_what_is_known_to_have_no_derivative_is_not_asked():
    def loss(x):
        jax.debug.print("{}", x[0])
        shape = jax.ShapeDtypeStruct((3,), jnp.float32)
        called = jax.pure_callback(lambda x: np.asarray(x), shape, x)
        return called.sum() + lax.while_loop(lambda c: c < 9, lambda c: c + 1, x[0])

    assert _missing(loss, X)[0] == {}


@pytest.mark.parametrize("is_custom", [True, False])
def test_stopped_equations_compute_the_same_and_pass_no_tangent(is_custom):
    function = _refuse() if is_custom else jnp.cbrt
    closed = jax.make_jaxpr(lambda x, y: (function(x) * y).sum())(X, X)
    (chosen,) = [e for e in closed.eqns if e.primitive.name in ("custom_vjp_call", "cbrt")]
    stopped = stop_tangents(closed, {id(chosen): "why"})
    run = lambda x, y: jax.core.eval_jaxpr(stopped.jaxpr, stopped.consts, x, y)[0]  # noqa: E731
    value = X**2 if is_custom else jnp.cbrt(X)
    assert run(X, X) == pytest.approx(float((value * X).sum()))
    slopes = jax.grad(run, (0, 1))(X, X)
    assert np.array_equal(slopes[0], np.zeros(3)) and np.array_equal(slopes[1], value)


def test_other_equations_keep_their_tangents():
    closed = jax.make_jaxpr(lambda x: jnp.sin(x).sum())(X)
    stopped = stop_tangents(closed, {})
    slope = jax.grad(lambda x: jax.core.eval_jaxpr(stopped.jaxpr, stopped.consts, x)[0])(X)
    assert np.array_equal(slope, jnp.cos(X))


def _common(x, y):
    """One equation of each primitive that most programs consist of."""
    x = jnp.exp(x) + jnp.log(x) - jnp.tanh(x) * lax.logistic(x) / jnp.sqrt(x) + lax.rsqrt(x)
    x = lax.erf(-x) + jnp.sin(x) * jnp.cos(x) + x**y + x**3 + jnp.square(x) + jnp.abs(x)
    x = lax.max(x, y) + lax.min(x, y) + jnp.log1p(x) + jnp.where(y > 1, x, y)
    table = jnp.outer(x, y).T.reshape(3, 3)[None, :, :2].squeeze(0) @ jnp.ones((2, 3))
    parts = jnp.split(jnp.concatenate([table.sum(0), table.max(1)]), 2)
    moved = lax.dynamic_slice(parts[0], (y[0].astype(int),), (2,)) + parts[1][y[:2].astype(int)]
    added = jnp.zeros(3).at[y[:2].astype(int)].add(moved).astype(jnp.bfloat16)
    return (
        lax.cumsum(jnp.pad(lax.stop_gradient(added), 1)),
        jnp.copy(x),
        jnp.broadcast_to(x, (2, 3)),
    )


def test_the_equations_of_most_programs_are_not_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(derivatives, "trace_pullback", lambda e: asked.append(e.primitive.name))
    found = find_missing_derivatives(jax.make_jaxpr(_common)(X, X), 2)
    assert found == ({}, {}) and asked == []


def test_equal_equations_are_asked_once(monkeypatch):
    asked = []
    monkeypatch.setattr(derivatives, "trace_pullback", lambda e: asked.append(e.primitive.name))
    loss = lambda x: jnp.cbrt(x).sum() + jnp.cbrt(x + 1).sum() + jnp.cbrt(x[:2]).sum()  # noqa: E731
    find_missing_derivatives(jax.make_jaxpr(loss)(X), 1)
    assert asked == ["cbrt", "cbrt"]
