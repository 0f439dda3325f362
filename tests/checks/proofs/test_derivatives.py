"""Equations without a reverse derivative, and programs without their tangents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program import jaxprs
from checks.proofs import derivatives
from checks.proofs.derivatives import stop_tangents, trace_derivatives, trace_pullback

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
    equations = {id(e): e for e in _all_equations(closed)}
    found = trace_derivatives(closed, leaves)
    assert found.failure == ""
    return {equations[key].primitive.name: why for key, why in found.underivable.items()}


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

    assert _missing(loss, X) == {}


def test_a_rule_that_raises_is_missing_with_its_reason_wherever_it_stands():
    refuse = _refuse("first line\nsecond line")

    def loss(x):
        return lax.scan(lambda c, t: (c + jax.jit(refuse)(t), None), 0.0, x)[0]

    assert _missing(loss, X) == {"custom_vjp_call": "RuntimeError: first line"}


def test_a_reason_may_be_without_words():
    assert _missing(lambda x: _refuse("")(x).sum(), X) == {"custom_vjp_call": "RuntimeError"}


def test_each_call_of_a_rule_is_asked():
    refuse = _refuse()
    closed = jax.make_jaxpr(lambda x: (refuse(x) + refuse(2 * x)).sum())(X)
    assert len(trace_derivatives(closed, 1).underivable) == 2


def test_equal_equations_have_one_answer():
    def reduced(x):
        return lax.reduce_window(x, 1.0, lambda a, b: a * b + a, (2,), (1,), "VALID").sum()

    closed = jax.make_jaxpr(lambda x: reduced(x) + reduced(x + 1))(X)
    assert len(trace_derivatives(closed, 1).underivable) == 2


def test_what_is_missing_off_the_path_of_the_leaves_does_no_harm():
    refuse = _refuse()
    loss = lambda x, y: x.sum() + refuse(y).sum()  # noqa: E731
    assert _missing(loss, X, X, leaves=1) == {}
    assert list(_missing(loss, X, X, leaves=2)) == ["custom_vjp_call"]


def test_the_loss_is_the_first_output_alone():
    refuse = _refuse()
    assert _missing(lambda x: (x.sum(), jnp.cbrt(x).sum()), X) == {}
    assert list(_missing(lambda x: (refuse(x).sum(), x.sum()), X)) == ["custom_vjp_call"]


def _call_with_flags(x, y):
    """Calls a rule that raises where both operands get a tangent, and notes its flags."""

    @jax.custom_vjp
    def function(a, b):
        return a * b

    def forward(a, b):
        if a.perturbed and b.perturbed:
            raise RuntimeError("too many tangents")
        return a.value * b.value, (a.value, b.value)

    function.defvjp(forward, lambda saved, g: (g * saved[1], g * saved[0]), symbolic_zeros=True)
    return function(x, y)


def test_a_rule_is_asked_for_the_operands_that_have_a_tangent_alone():
    loss = lambda x, y: _call_with_flags(x, lax.stop_gradient(y)).sum()  # noqa: E731
    found = trace_derivatives(jax.make_jaxpr(loss)(X, X), 2)
    assert found.underivable == {}
    assert [call.moved for answers in found.rules.values() for call in answers] == [(0,)]
    reasons = _missing(lambda x, y: _call_with_flags(x, y).sum(), X, X, leaves=2)
    assert reasons == {"custom_vjp_call": "RuntimeError: too many tangents"}


def test_behind_a_rule_that_raises_the_others_are_asked_all_the_same():
    refuse = _refuse()
    loss = lambda x, y: (_call_with_flags(x, refuse(y))).sum() + y.sum()  # noqa: E731
    found = trace_derivatives(jax.make_jaxpr(loss)(X, X), 2)
    assert list(found.underivable.values()) == ["RuntimeError: no derivative"]
    assert (0,) in [call.moved for answers in found.rules.values() for call in answers]


def test_a_gradient_that_fails_for_an_unknown_reason_is_no_proof(monkeypatch):
    monkeypatch.setattr(derivatives, "_explain_alone", lambda closed: {})
    rule = _call_with_flags

    def loss(x, y):
        reduced = lax.reduce_window(x, 1.0, lambda a, b: a * b + a, (2,), (1,), "VALID")
        return reduced.sum() + rule(x, lax.stop_gradient(y)).sum()

    found = trace_derivatives(jax.make_jaxpr(loss)(X, X), 2)
    assert found.underivable == {} and found.failure


def test_a_function_called_twice_does_not_end_the_search():
    refuse, twice = _refuse(), jax.jit(jnp.sin)
    loss = lambda x: (jax.jit(refuse)(x) + twice(x) + twice(2 * x)).sum()  # noqa: E731
    assert list(_missing(loss, X)) == ["custom_vjp_call"]


def test_an_equation_without_floats_is_not_asked():
    loss = lambda x, i: (x[lax.population_count(i)]).sum()  # noqa: E731
    assert _missing(loss, X, jnp.arange(3)) == {}


def test_what_is_known_to_have_no_derivative_is_not_asked():
    def loss(x):
        jax.debug.print("{}", x[0])
        shape = jax.ShapeDtypeStruct((3,), jnp.float32)
        called = jax.pure_callback(lambda x: np.asarray(x), shape, x)
        return called.sum() + lax.while_loop(lambda c: c < 9, lambda c: c + 1, x[0])

    assert _missing(loss, X) == {}


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
    found = trace_derivatives(jax.make_jaxpr(_common)(X, X), 2)
    assert found == ({}, {}, "") and asked == []


def test_equal_equations_are_asked_once(monkeypatch):
    asked = []
    monkeypatch.setattr(derivatives, "trace_pullback", lambda e: asked.append(e.primitive.name))
    loss = lambda x: jnp.cbrt(x).sum() + jnp.cbrt(x + 1).sum() + jnp.cbrt(x[:2]).sum()  # noqa: E731
    trace_derivatives(jax.make_jaxpr(loss)(X), 1)
    assert asked == ["cbrt", "cbrt"]
