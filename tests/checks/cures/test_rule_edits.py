"""JAX's own derivative in place of a user's rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.failing_leaf import FailingLeaf
from checks.cures.rule_edits import propose_rule_edits, use_own_derivative
from checks.program.places import find_place
from tests.checks.checked_programs import half_tanh, slightly_off
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)

X = jnp.array([0.5, 2.0])


@pytest.mark.parametrize("function", [slightly_off, half_tanh])
def test_a_rule_gets_the_derivative_of_its_function_and_stays_a_rule(function):
    (equation,) = jax.make_jaxpr(lambda x: function(x))(X).eqns
    run = lambda x: use_own_derivative(equation, [x])[0]  # noqa: E731
    plain = {slightly_off: lambda x: x**3, half_tanh: jnp.tanh}[function]
    np.testing.assert_allclose(run(X), plain(X), rtol=1e-6)
    expected = jax.grad(lambda x: plain(x).sum())(X)
    np.testing.assert_allclose(jax.grad(lambda x: run(x).sum())(X), expected, rtol=1e-6)
    assert jax.make_jaxpr(run)(X).eqns[0].primitive.name == "custom_jvp_call"


def test_only_the_rules_that_a_verdict_names_are_edited():
    def loss(p):
        return slightly_off(p["a"]).sum() + slightly_off(p["b"]).sum() + jax.nn.relu(p["a"]).sum()

    diagnosed = make_loss(loss, {"a": X, "b": X})
    calls = make_failures(diagnosed).walk()
    places = [find_place(s.site.equation) for s in calls]
    place = next(p for p in places if "custom_vjp_call" in p)
    failures = make_failures(diagnosed, a=FailingLeaf(0, "wrong", where=(place,)))
    edit = find_edit(propose_rule_edits(failures), "use JAX's own derivative at ")
    np.testing.assert_allclose(gradient_after(failures, edit, "a"), 3 * X**2 + 1, rtol=1e-6)
    assert list(propose_rule_edits(make_failures(diagnosed, a="wrong"))) == []
