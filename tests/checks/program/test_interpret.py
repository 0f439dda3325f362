"""The hooks of the interpreter, each by its smallest subclass."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program.interpret import Interpreter
from checks.program.sites import Run, Site

X = jnp.array([0.3, -0.7])


def trace(function):
    return jax.make_jaxpr(function)(X)


def program(x):
    """One equation inside of each kind of control flow."""

    def step(carry, _):
        return lax.cond(carry[0] > 0, jnp.sin, lambda y: y, carry), carry

    y = lax.scan(jax.checkpoint(step), x, None, length=3)[0]
    return jax.jit(jnp.sin)(y)


class DoubleSines(Interpreter):
    def compute(self, site, operands, feed):
        results = super().compute(site, operands, feed)
        is_sine = site.equation.primitive.name == "sin"
        return [2 * x for x in results] if is_sine else results


class AddOne(Interpreter):
    """Adds one to every literal."""

    def constant(self, value):
        return value + 1


class ReadOnce(Interpreter):
    """Lets each equation read the double of a variable that an equation before it has read."""

    def operands(self, site, values, feeds, views):
        doubled = [2 * x if v in views else x for v, x in zip(site.equation.invars, values)]
        views.update(dict.fromkeys(site.equation.invars))
        return doubled


class TakeFirstBranch(Interpreter):
    def control(self, site, operands, feeds):
        if site.equation.primitive.name != "cond":
            return super().control(site, operands, feeds)
        first = site.equation.params["branches"][0]
        return self.run_inside(site, 0, first, operands[1:], feeds)


class NoteSines(Interpreter):
    """Notes the results of sines; adds the feed of their path to them."""

    def after(self, site: Site, operands, results, feed) -> Run:
        if site.equation.primitive.name != "sin":
            return results, {}
        fed = results if feed is None else [x + feed for x in results]
        return fed, {site.path: results[0]}


def test_the_base_class_computes_what_the_program_computes_with_its_derivative():
    closed = trace(program)
    run = lambda x: Interpreter().run(closed, [x])[0][0]  # noqa: E731
    np.testing.assert_array_equal(run(X), program(X))
    np.testing.assert_allclose(jax.jacobian(run)(X), jax.jacobian(program)(X), rtol=1e-6)


def test_compute_changes_results_inside_of_control_flow_too():
    ((found,), notes) = DoubleSines().run(trace(program), [X])
    y = X
    for _ in range(3):
        y = 2 * jnp.sin(y) if y[0] > 0 else y
    np.testing.assert_allclose(found, 2 * jnp.sin(y), rtol=1e-6)
    assert notes == {}


def test_constant_changes_literals():
    ((found,), _) = AddOne().run(trace(lambda x: x * 2.0), [X])
    np.testing.assert_array_equal(found, X * 3.0)


def test_operands_changes_what_later_equations_read():
    ((found,), _) = ReadOnce().run(trace(lambda x: jnp.exp(x) + x), [X])
    np.testing.assert_allclose(found, jnp.exp(X) + 2 * X, rtol=1e-6)


def test_control_replaces_an_equation_with_sub_jaxprs():
    pick = lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)  # noqa: E731
    ((found,), _) = TakeFirstBranch().run(trace(pick), [X])
    np.testing.assert_allclose(found, jnp.cos(X), rtol=1e-6)


def test_after_sees_every_result_with_its_path_and_its_feed():
    closed = trace(lambda x: jnp.sin(jnp.sin(x)))
    ((found,), notes) = NoteSines().run(closed, [X], {(0,): jnp.float32(0.5)})
    np.testing.assert_allclose(found, jnp.sin(jnp.sin(X) + 0.5), rtol=1e-6)
    assert list(notes) == [(0,), (1,)]
    np.testing.assert_allclose(notes[(0,)], jnp.sin(X), rtol=1e-6)


def test_callbacks_are_computed_without_tangents():
    shape = jax.ShapeDtypeStruct((2,), jnp.float32)
    call = lambda x: jax.pure_callback(np.sin, shape, x, vmap_method="sequential")  # noqa: E731
    run = lambda x: Interpreter().run(trace(call), [x])[0][0].sum()  # noqa: E731
    np.testing.assert_array_equal(jax.grad(run)(X), jnp.zeros(2))


def test_debugging_prints_are_left_out(capsys):
    def prints(x):
        jax.debug.print("printed {x}", x=x)
        return x

    Interpreter().run(trace(prints), [X])
    jax.effects_barrier()
    assert capsys.readouterr().out == ""


def test_errors_inside_an_equation_pass_through():
    class Raises(Interpreter):
        def compute(self, site, operands, feed):
            raise KeyError(site.equation.primitive.name)

    with pytest.raises(KeyError, match="sin"):
        Raises().run(trace(jnp.sin), [X])
