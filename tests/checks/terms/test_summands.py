"""Where the walk back from the loss splits it, and where it stops."""

import jax
import jax.numpy as jnp
from jax import lax

from tests.checks.terms.searched import PARAMS, X, count, find


def _a(p):
    return jnp.sum(p["w"] ** 2)


def _b(p):
    return jnp.mean(jnp.exp(p["v"]))


def test_an_error_is_one_summand():
    assert count(lambda p: jnp.mean((p["w"] - p["v"]) ** 2)) == (1, 1)
    assert count(lambda p: _a(p) * _b(p)) == (1, 1)


def test_sums_are_split_through_weights_signs_stacks_and_choices():
    weights = jnp.array([1.0, 2.0])
    losses = [
        lambda p: _a(p) + 0.1 * _b(p),
        lambda p: -(_a(p) - _b(p)) / 3.0,
        lambda p: jnp.sum(jnp.stack([_a(p), _b(p)]) * weights),
        lambda p: weights @ jnp.array([_a(p), _b(p)]),
        lambda p: jnp.where(X[0] > 0, _a(p), 0.0) + lax.stop_gradient(_b(p)) * _b(p),
        lambda p: jax.jit(lambda p: _a(p) + _b(p))(p).astype(jnp.float32),
        lambda p: jax.checkpoint(lambda p: _a(p) + _b(p))(p),
        lambda p: sum({"a": _a(p), "b": _b(p)}.values()),
    ]
    assert [count(loss)[0] for loss in losses] == [2] * len(losses)


def test_a_summand_without_a_derivative_is_known():
    (one, two) = sorted(find(lambda p: _a(p) + lax.stop_gradient(_b(p))), key=lambda s: s.tangent)
    assert (one.value, one.tangent) == (0b01, 0)  # the leaves are v and w
    assert (two.value, two.tangent) == (0b10, 0b10)


def test_what_something_else_reads_too_is_not_passed():
    def loss(p):
        both = _a(p) + _b(p)
        return both + jnp.log(both)

    assert {s.equation.primitive.name for s in find(loss)} == {"add", "log"}


def test_two_terms_of_one_value_stay_two():
    def loss(p):
        value = p["w"] * p["v"]
        rises = jnp.sum(value)
        falls = -jnp.mean(value)
        return rises + falls

    assert count(loss) == (2, 2)


def test_a_carry_that_adds_up_is_split_into_what_it_adds():
    def loss(p, xs):
        def step(carry, x):
            state, total = carry
            total = total + jnp.sum((p["w"] * x) ** 2)
            total = total + lax.stop_gradient(jnp.sum(jnp.sin(p["v"])))
            return (jnp.tanh(state + x), total), jnp.mean(p["v"] ** 4)

        (state, total), each = lax.scan(step, (0.0, 0.0), xs)
        return total + each.sum() + 0.0 * state

    found = find(loss, PARAMS, X)
    inside = [s for s in found if s.edges[0].repeats == (4,)]
    assert len(inside) == 3 and sum(s.tangent == 0 for s in inside) == 1


def test_a_carry_that_is_not_only_added_to_is_one_summand():
    def loss(p, xs):
        step = lambda total, x: (jnp.tanh(total) + jnp.sum(p["w"] * x), None)  # noqa: E731
        return lax.scan(step, 0.0, xs)[0] + _b(p)

    assert {s.equation.primitive.name for s in find(loss, PARAMS, X)} == {"scan", "exp"}


def test_branches_are_entered_where_they_only_weigh():
    def loss(p, step):
        late = lax.cond(step > 3, lambda a: 0.5 * a, lambda a: 0.0 * a, _a(p))
        return late + _b(p)

    found = find(loss, PARAMS, jnp.int32(5))
    assert {s.equation.primitive.name for s in found} == {"integer_pow", "exp"}
    other = lambda p: lax.cond(_a(p) > 0, _a, _b, p) + _b(p)  # noqa: E731
    assert len(find(other)) == 3
    tail = lambda p: jnp.exp(p["v"][0])  # noqa: E731
    either = lambda p: lax.cond(_a(p) > 0, _a, tail, p) + _b(p)  # noqa: E731
    assert {s.equation.primitive.name for s in find(either)} == {"cond", "exp"}


def test_names_of_the_auxiliary_output_are_kept_through_calls():
    def parts(p):
        losses = {"first": _a(p), "second": _b(p)}
        return 2.0 * sum(losses.values()), losses

    assert {s.key for s in find(parts)} == {"first", "second"}
    assert {s.key for s in find(jax.jit(parts))} == {"first", "second"}


def test_a_parameter_itself_may_be_a_summand():
    (one, _) = sorted(find(lambda p: p["v"][0] + _a(p)), key=lambda s: s.value)
    assert one.path is None and one.value == one.tangent == 0b01


def test_a_constant_loss_has_no_summand():
    assert find(lambda p: jnp.sum(jnp.ones(3))) == []
    assert len(find(lambda p: _a(p) + jnp.log(2.0))) == 1


def test_a_count_is_a_summand_from_where_it_becomes_a_float():
    count = lambda p: jnp.sum((p["v"] > 0.5).astype(jnp.int32)).astype(jnp.float32)  # noqa: E731
    found = find(lambda p: _a(p) + 0.1 * count(p))
    assert len(found) == 2
    assert all(x.aval.dtype == jnp.float32 for s in found for x in s.equation.outvars)
