"""Equations with sub-jaxprs, rebuilt: the same results, and notes by path."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program.control import split_while
from checks.program.interpret import Interpreter

X = jnp.array([0.3, -0.7])
SCALE = jnp.array([0.5, 2.0])


def step(carry, scale):
    return jnp.tanh(carry * scale), carry


def searched(x):
    limit, turn = x.sum() - 2, X[0]
    return lax.while_loop(lambda s: s.sum() > limit, lambda s: s - turn, x)


@jax.custom_batching.custom_vmap
def batched(x):
    return jnp.sin(x)


@batched.def_vmap
def _(size, is_batched, x):
    return jnp.sin(x), True


PROGRAMS = {
    "a call": jax.jit(jnp.sin),
    "remat": jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))),
    "a scan": lambda x: lax.scan(step, x, jnp.stack([SCALE, 1 / SCALE]))[1],
    "a scan backwards": lambda x: lax.scan(step, x, jnp.stack([SCALE, X]), reverse=True)[0],
    "a cond": lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x),
    "a switch": lambda x: lax.switch(jnp.int32(1), [jnp.sin, jnp.cos, jnp.tan], x),
    "a while": searched,
    "a custom_vmap": batched,
}


class Noter(Interpreter):
    """Notes each result of `sin`, `cos` and `tan`."""

    def after(self, site, operands, results, feed):
        is_noted = site.equation.primitive.name in ("sin", "cos", "tan")
        return results, {site.path: results[0]} if is_noted else {}


def note(function):
    closed = jax.make_jaxpr(function)(X)
    return Noter().run(closed, [X])[1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_rebuilt_equation_computes_the_same(name):
    closed = jax.make_jaxpr(PROGRAMS[name])(X)
    ((found,), _) = Interpreter().run(closed, [X])
    np.testing.assert_array_equal(found, PROGRAMS[name](X))


@pytest.mark.parametrize("name", ["remat", "a scan", "a switch"])
def test_a_rebuilt_equation_has_the_same_gradient(name):
    closed = jax.make_jaxpr(PROGRAMS[name])(X)
    run = lambda x: Interpreter().run(closed, [x])[0][0].sum()  # noqa: E731
    expected = jax.grad(lambda x: PROGRAMS[name](x).sum())(X)
    np.testing.assert_allclose(jax.grad(run)(X), expected, rtol=1e-6)


def test_remat_stays_remat():
    closed = jax.make_jaxpr(PROGRAMS["remat"])(X)
    again = jax.make_jaxpr(lambda x: Interpreter().run(closed, [x])[0])(X)
    assert [e.primitive.name for e in again.eqns] == [e.primitive.name for e in closed.eqns]


def test_notes_of_a_scan_are_stacked_over_its_steps():
    (values,) = note(lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, 3)[0]).values()
    np.testing.assert_allclose(values, [np.sin(X), np.sin(np.sin(X)), np.sin(np.sin(np.sin(X)))])


def test_notes_of_a_branch_that_is_not_taken_are_zeros():
    notes = note(lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x))
    # Branch 0 is that of a false condition, here `cos`.
    not_taken, taken = (notes[path] for path in sorted(notes))
    np.testing.assert_array_equal(not_taken, jnp.zeros(2))
    np.testing.assert_allclose(taken, np.sin(X), rtol=1e-6)


def test_notes_of_a_while_are_the_largest_over_its_steps():
    def loop(x):
        return lax.while_loop(lambda s: s[0] < 1, lambda s: s + jnp.cos(s) * 0 + 0.5, x)

    (value,) = note(loop).values()
    np.testing.assert_allclose(value, np.cos([0.3, 0.2]), rtol=1e-6)


def test_paths_have_the_number_of_the_sub_jaxpr():
    scan = lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, 3)[0]  # noqa: E731
    pick = lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)  # noqa: E731
    loop = lambda x: lax.while_loop(lambda s: s[0] < 1, lambda s: jnp.cos(s) + 1, x)  # noqa: E731
    inside = [{path[-2] for path in note(function)} for function in (scan, pick, loop)]
    assert inside == [{0}, {0, 1}, {1}]


def test_a_while_passes_no_tangent_and_does_not_raise():
    closed = jax.make_jaxpr(lambda x: searched(x).sum() + (x**2).sum())(X)
    slope = jax.grad(lambda x: Interpreter().run(closed, [x])[0][0])(X)
    np.testing.assert_allclose(slope, 2 * X, rtol=1e-6)


def test_the_operands_of_a_while_are_split_by_their_use():
    closed = jax.make_jaxpr(searched)(X)
    (loop,) = [e for e in closed.eqns if e.primitive.name == "while"]
    parts = split_while(loop, list(loop.invars))
    counts = (loop.params["cond_nconsts"], loop.params["body_nconsts"], 1)
    assert tuple(map(len, parts)) == counts
    assert [*parts.cond_constants, *parts.body_constants, *parts.carry] == list(loop.invars)


def test_a_sharded_region_is_rebuilt_without_notes():
    mesh = jax.make_mesh((1,), ("x",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec("x")
    sharded = jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)
    assert note(sharded) == {}
    ((found,), _) = Interpreter().run(jax.make_jaxpr(sharded)(X), [X])
    np.testing.assert_allclose(found, np.sin(X), rtol=1e-6)


def newton(x):
    """Steps to the square root of each member, which takes each its own number of steps."""
    goes_on = lambda state: jnp.abs(state[0] ** 2 - x) > 1e-3  # noqa: E731
    step = lambda state: (0.5 * (state[0] + x / state[0]), state[1] + 1)  # noqa: E731
    return lax.while_loop(goes_on, step, (x, 0))


BATCHED_LOOPS = {
    "a condition that differs by member": (jax.vmap(newton), jnp.array([1.0, 2.0, 9.0, 100.0])),
    "two batch axes": (jax.vmap(jax.vmap(newton)), jnp.array([[1.0, 2.0], [9.0, 100.0]])),
    "a batch axis behind the others": (
        jax.vmap(lambda x: jax.vmap(newton)(x)[0].sum(), in_axes=1),
        jnp.array([[1.0, 2.0, 3.0], [9.0, 100.0, 4.0]]),
    ),
    "members of a random walk": (
        jax.vmap(
            lambda x: lax.while_loop(
                lambda state: state[1] < x,
                lambda state: (jax.random.split(state[0])[0], state[1] + 1),
                (jax.random.key(0), 0.0),
            )[1]
        ),
        jnp.array([1.0, 4.0]),
    ),
}


@pytest.mark.parametrize("name", BATCHED_LOOPS)
def test_a_batched_while_runs_until_its_last_member_stops(name):
    function, x = BATCHED_LOOPS[name]
    closed = jax.make_jaxpr(function)(x)
    expected = jax.tree.leaves(function(x))
    for found, value in zip(Interpreter().run(closed, [x])[0], expected, strict=True):
        np.testing.assert_array_equal(found, value)


def test_notes_of_a_batched_while_are_the_largest_over_its_steps():
    def loop(x):
        return lax.while_loop(lambda s: s < 1, lambda s: s + jnp.cos(s) * 0 + 0.5, x)

    closed = jax.make_jaxpr(jax.vmap(loop))(X)
    (value,) = Noter().run(closed, [X])[1].values()
    np.testing.assert_allclose(value, np.cos([0.3, 0.2]), rtol=1e-6)
