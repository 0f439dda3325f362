"""The search for the first gradient of a program."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.scripts.search import Found, Search

W, X = jnp.ones(3), jnp.arange(3.0)


def loss(w, x):
    return ((w * x) ** 2).sum()


def other(w, x):
    return (w * x).sum()


def search(program, name=None):
    """Runs a program; returns the search."""
    found = Search(name)
    try:
        with found.watch():
            program()
    except Found:
        pass
    return found


def compiled_step():
    step = jax.jit(lambda w, x: jax.value_and_grad(loss)(w, x)[1])
    step(W, X)


def step_with_options():
    @partial(jax.jit, static_argnames="rate")
    def step(w, x, rate):
        return w - rate * jax.grad(loss)(w, x)

    jax.jit(lambda w: step(w, X, rate=0.1), donate_argnums=0)(W + 0)


def method():
    class Trainer:
        @jax.jit(static_argnums=0)
        def step(self, w, x):
            return jax.grad(loss)(w, x)

    Trainer().step(W, X)


def scanned_loop():
    lax.scan(lambda w, _: (w - jax.grad(loss)(w, X), None), W, None, length=3)


def counted_loop():
    jax.jit(lambda w: lax.fori_loop(0, 3, lambda i, w: w - jax.grad(loss)(w, X), w))(W)


@pytest.mark.parametrize(
    "program",
    [
        lambda: jax.grad(loss)(W, X),
        compiled_step,
        step_with_options,
        method,
        scanned_loop,
        counted_loop,
    ],
)
def test_the_gradient_is_found_with_its_values(program):
    call = search(program).call
    assert call.loss(call.params, *call.args) == loss(W, X) or call.args == ({},)
    assert jnp.array_equal(call.params, W) and not isinstance(call.params, jax.core.Tracer)


def test_gradients_that_are_not_the_one_run_as_without_the_search():
    values = []

    def program():
        values.append(jax.grad(jnp.tanh)(0.0))
        values.append(jax.vmap(jax.grad(jnp.tanh))(jnp.zeros(2)).sum())
        values.append(jax.jit(jax.vmap(jax.grad(jnp.tanh)))(jnp.zeros(2)).sum())
        values.append(jax.grad(other)(W, X).sum())
        jax.jit(jax.grad(loss))(W, X)
        values.append("never")

    found = search(program, "loss")
    assert values == [1.0, 2.0, 2.0, 3.0]
    assert found.call.loss is loss and found.traced == 0


def test_a_gradient_under_vmap_alone_is_counted():
    found = search(lambda: jax.vmap(jax.grad(loss), (0, None))(jnp.ones((2, 3)), X))
    assert found.call is None and found.traced == 1


def test_jax_is_restored_and_what_was_made_in_between_is_jaxs_own():
    before = (jax.grad, jax.value_and_grad, jax.jit, lax.scan, lax.fori_loop)
    made = []
    found = Search()
    with found.watch():
        made += [jax.jit(loss), jax.grad(loss), jax.grad]
    assert (jax.grad, jax.value_and_grad, jax.jit, lax.scan, lax.fori_loop) == before
    jitted, gradient, transform = made
    assert jitted(W, X) == 5 and jitted.lower(W, X).as_text() and found.call is None
    assert jnp.array_equal(gradient(W, X), 2 * X**2)
    assert jnp.array_equal(transform(loss)(W, X), 2 * X**2)
    traced = jax.make_jaxpr(lambda w: jitted(w, X))(W)
    frames = traced.eqns[0].source_info.traceback.frames
    assert not any("scripts/search.py" in frame.file_name for frame in frames)
