"""Every equation in its context: what enters it, and whether the loss depends on its results."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.proofs.context import Ends, walk
from checks.proofs.dependence import Dependence

X = jnp.arange(1.0, 4.0)
ALL = 0b1111


def _walk(function, *args, inputs=ALL, **settings):
    return list(walk(Dependence(), jax.make_jaxpr(function)(*args), inputs, **settings))


def _named(seen):
    return [(one.site.path, one.site.equation.primitive.name) for one in seen]


def _find(seen, name):
    (one,) = [one for one in seen if one.site.equation.primitive.name == name]
    return one


def test_equations_come_in_program_order_with_their_addresses():
    inner = jax.jit(lambda a: jnp.sin(jnp.cos(a)))
    seen = _walk(lambda a: jnp.tan(inner(a)), X)
    assert [(path, name) for path, name in _named(seen) if name != "jit"] == [
        ((0, 0, 0), "cos"),
        ((0, 0, 1), "sin"),
        ((1,), "tan"),
    ]
    assert _find(seen, "sin").site.enclosing == (seen[0].site.equation,)
    assert seen[0].site.enclosing == () and seen[0].site.path == (0,)


def test_operands_and_results_have_the_inputs_that_they_depend_on():
    seen = _walk(lambda a, b: jnp.sin(a) * lax.stop_gradient(b), X, X)
    found = _find(seen, "mul")
    assert list(found.operands.value) == [0b01, 0b10]
    assert list(found.operands.tangent) == [0b01, 0]
    assert list(found.results.value) == [0b11] and list(found.results.tangent) == [0b01]
    assert found.arriving == 0b01 and _find(seen, "stop_gradient").arriving == 0b10


def test_only_the_inputs_asked_for_are_followed():
    found = _find(_walk(lambda a, b: a * b, X, X, inputs=0b10), "mul")
    assert list(found.operands.value) == [0, 0b10] and found.arriving == 0b10


def test_live_is_what_the_loss_depends_on_and_felt_what_its_tangent_does():
    def loss(a):
        aside = jnp.sin(a)
        stopped = lax.stop_gradient(jnp.cos(a))
        return jnp.tan(a) + stopped, aside

    seen = _walk(loss, X)
    ends = {
        name: (_find(seen, name).live, _find(seen, name).felt) for name in ("sin", "cos", "tan")
    }
    assert ends == {
        "sin": ((False,), (False,)),
        "cos": ((True,), (False,)),
        "tan": ((True,), (True,)),
    }
    assert _find(seen, "cos").ends == Ends((True,), (False,))


def test_the_loss_is_the_first_output_alone():
    seen = _walk(lambda a: (jnp.sin(a), jnp.cos(a)), X)
    assert [one.live for one in seen] == [(True,), (False,)]


def test_a_function_called_twice_is_seen_in_both_contexts():
    inner = jax.jit(jnp.sin)
    seen = _walk(lambda a, b: (inner(a), inner(b)), X, X)
    found = [one for one in seen if one.site.equation.primitive.name == "sin"]
    assert [(one.arriving, one.live) for one in found] == [(0b01, (True,)), (0b10, (False,))]


def test_what_is_not_to_be_entered_is_not():
    inner = jax.jit(jnp.sin)
    seen = _walk(lambda a: inner(a), X, enter=lambda one: False)
    assert len(seen) == 1 and seen[0].site.path == (0,)


def test_the_function_of_a_rule_and_a_while_are_never_entered():
    def loss(a):
        looped = lax.while_loop(lambda s: s < 9, lambda s: jnp.sin(s), a[0])
        return jax.custom_jvp(jnp.cos)(a).sum() + looped

    function = jax.custom_jvp(jnp.cos)
    function.defjvp(lambda p, t: (jnp.cos(p[0]), t[0]))

    def ruled(a):
        looped = lax.while_loop(lambda s: s < 9, lambda s: jnp.sin(s), a[0])
        return function(a).sum() + looped

    names = {name for _, name in _named(_walk(ruled, X))}
    assert {"while", "custom_jvp_call"} <= names and not {"sin", "cos"} & names


def test_branches_are_entered_with_the_operands_that_they_get():
    def loss(c, a, b):
        return lax.cond(c > 0, lambda a, b: jnp.sin(a) + b, lambda a, b: jnp.cos(b), a, b)

    seen = _walk(loss, jnp.float32(1), X, X)
    sine, cosine = _find(seen, "sin"), _find(seen, "cos")
    assert (sine.arriving, cosine.arriving) == (0b010, 0b100)
    conditional = _find(seen, "cond")
    index = {sine.site.path[-2], cosine.site.path[-2]}
    assert index == {0, 1} and sine.site.path[:-2] == conditional.site.path
    assert sine.site.enclosing == (conditional.site.equation,) and sine.live == (True,)
    assert sine.repeats == ()
    assert (list(sine.operands.value), list(cosine.operands.value)) == ([0b010], [0b100])


def test_a_scan_is_seen_as_it_is_at_any_step():
    """The second carry reaches the first by way of one step, the third by two."""

    def loss(a, b, c):
        def step(s, _):
            return (s[0] + jnp.sin(s[1]), s[1] + jnp.cos(s[2]), s[2]), None

        return lax.scan(step, (a, b, c), None, length=5)[0][0]

    seen = _walk(loss, *[jnp.float32(1)] * 3)
    assert _find(seen, "sin").arriving == 0b110 and _find(seen, "cos").arriving == 0b100
    assert _find(seen, "cos").live == (True,) == _find(seen, "cos").felt
    (scan,) = [one for one in seen if one.site.equation.primitive.name == "scan"]
    assert {one.site.path[:-1] for one in seen if one.site.enclosing} == {(*scan.site.path, 0)}


def test_a_carry_has_what_reaches_it_by_several_steps():
    def loss(a, b, c, d):
        step = lambda s, _: ((jnp.sin(s[0]) + s[1], s[2], s[3], s[3]), None)  # noqa: E731
        return lax.scan(step, (a, b, c, d), None, length=5)[0][0]

    assert _find(_walk(loss, *[jnp.float32(1)] * 4), "sin").arriving == 0b1111


def test_a_carry_is_live_where_a_later_step_needs_it():
    def loss(a, b, c):
        def step(s, _):
            return (s[0] * 2, s[0] + jnp.sin(s[1]), jnp.cos(s[2])), None

        return lax.scan(step, (a, b, c), None, length=5)[0][1]

    seen = _walk(loss, *[jnp.float32(1)] * 3)
    assert [_find(seen, name).live for name in ("mul", "sin", "cos")] == [
        (True,),
        (True,),
        (False,),
    ]


def test_constants_of_a_scan_are_no_carries():
    def loss(constant, carry):
        return lax.scan(lambda s, _: (s * jnp.sin(constant), None), carry, None, length=3)[0]

    seen = _walk(loss, jnp.float32(1), jnp.float32(1))
    sines = [one for one in seen if one.site.equation.primitive.name == "sin"]
    assert [one.arriving for one in sines] == [0b01]
    assert _find(seen, "mul").arriving == 0b11


@pytest.mark.parametrize("depth", [1, 2])
def test_repeats_are_the_lengths_of_the_scans_around(depth):
    def inner(x):
        return lax.scan(lambda s, _: (jnp.sin(s), None), x, None, length=2)[0]

    def loss(x):
        if depth == 1:
            return inner(x)
        return lax.scan(lambda s, _: (inner(s), None), x, None, length=7)[0]

    seen = _walk(loss, jnp.float32(1))
    assert _find(seen, "sin").repeats == ((2,) if depth == 1 else (7, 2))
    assert seen[0].repeats == ()


def test_calls_keep_the_repeats_around_them():
    def loss(x):
        return lax.scan(lambda s, _: (jax.jit(jnp.sin)(s), None), x, None, length=2)[0]

    assert _find(_walk(loss, jnp.float32(1)), "sin").repeats == (2,)
