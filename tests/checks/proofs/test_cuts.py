"""The equations that pass a leaf's value but not its tangent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.proofs.cuts import find_cuts
from tests.checks.proofs.asked import ask_rules

X = jnp.arange(3.0)


def _cuts(function, *args, leaves=1):
    jaxpr = jax.make_jaxpr(function)(*args)
    return find_cuts(ask_rules(jaxpr), jaxpr, leaves)


def _named(cuts):
    return [(cut.primitive, cut.leaves, cut.site.path) for cut in cuts]


def test_each_cut_has_the_leaves_that_end_there():
    def loss(a, b, c):
        return (lax.stop_gradient(a * c) + jnp.floor(b) + c).sum()

    cuts = _cuts(loss, X, X, X, leaves=0b111)
    assert _named(cuts) == [("stop_gradient", 0b101, (1,)), ("floor", 0b10, (2,))]
    assert [cut.place.split()[1] for cut in cuts] == ["stop_gradient", "floor"]
    assert all("test_cuts.py" in cut.place for cut in cuts)


def test_only_the_leaves_that_are_asked_about_count():
    loss = lambda a, b: (lax.stop_gradient(a) + jnp.floor(b)).sum()  # noqa: E731
    assert _named(_cuts(loss, X, X, leaves=0b10)) == [("floor", 0b10, (1,))]
    assert _cuts(loss, X, X, leaves=0) == []


def test_a_cut_whose_result_the_loss_does_not_depend_on_is_none():
    def loss(a):
        aside = jnp.floor(a)
        return a.sum(), aside

    assert _cuts(loss, X) == []


def test_the_first_of_two_cuts_in_a_row_is_named():
    assert _named(_cuts(lambda a: jnp.floor(lax.stop_gradient(a)).sum(), X)) == [
        ("stop_gradient", 1, (0,))
    ]


def test_inside_a_call_the_cut_itself_is_named():
    inner = jax.jit(lambda a: lax.stop_gradient(a) * 2)
    ((name, leaves, path),) = _named(_cuts(lambda a: inner(a).sum(), X))
    assert (name, leaves, path) == ("stop_gradient", 1, (0, 0, 0))


def test_a_call_is_the_cut_of_the_leaves_that_end_nowhere_inside():
    @jax.custom_vjp
    def half(a, b):
        return a * b

    half.defvjp(lambda a, b: (a * b, a), lambda a, g: (None, g * a))
    found = _named(_cuts(lambda a, b: half(a, b).sum(), X, X, leaves=0b11))
    assert [(name, leaves) for name, leaves, _ in found] == [("custom_vjp_call", 1)]


def test_a_cut_inside_another_call_does_not_count():
    @jax.custom_vjp
    def half(a, b):
        return a * b

    half.defvjp(lambda a, b: (a * b, a), lambda a, g: (None, g * a))
    inner = jax.jit(lambda a: jnp.floor(a))
    found = _named(_cuts(lambda a, b: (half(a, b) + inner(a)).sum(), X, X, leaves=0b11))
    assert [(name, leaves) for name, leaves, _ in found] == [("custom_vjp_call", 1), ("floor", 1)]


def test_one_call_may_cut_leaves_in_different_places():
    inner = jax.jit(lambda a, b: lax.stop_gradient(a) + jnp.floor(b))
    found = _named(_cuts(lambda a, b: inner(a, b).sum(), X, X, leaves=0b11))
    assert [(name, leaves) for name, leaves, _ in found] == [("stop_gradient", 1), ("floor", 2)]


@pytest.mark.parametrize("control", ["while", "scan"])
def test_a_loop_of_unknown_length_is_a_cut_and_a_scan_is_entered(control):
    def loss(a):
        if control == "while":
            return lax.while_loop(lambda x: x.sum() < 9, lambda x: x + 1, a).sum()
        return lax.scan(lambda x, _: (lax.stop_gradient(x) + 1, None), a, None, length=2)[0].sum()

    names = [cut.primitive for cut in _cuts(loss, X)]
    assert names == (["while"] if control == "while" else ["stop_gradient"])


def test_integers_carry_no_tangent_and_are_not_cut():
    loss = lambda a, i: (a * i.astype(a.dtype)).sum()  # noqa: E731
    assert _cuts(loss, X, np.arange(3), leaves=0b10) == []
