"""Edits of equations that are flat at the data."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.failing_leaf import FailingLeaf
from checks.cures.flat_edits import propose_factor_edits, propose_limit_edits, soften
from checks.program.jaxprs import is_literal
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)

X = jnp.array([0.5, 2.0])


@pytest.mark.parametrize(
    "function, smooth",
    [
        (lambda x: jnp.maximum(x, 1.0), lambda x: jnp.log(jnp.exp(x) + jnp.exp(1.0))),
        (lambda x: jnp.minimum(x, 1.0), lambda x: -jnp.log(jnp.exp(-x) + jnp.exp(-1.0))),
        (
            lambda x: jax.lax.clamp(0.0, x, 1.0),
            lambda x: jnp.log1p(jnp.exp(x)) - jnp.log1p(jnp.exp(x - 1)),
        ),
        (lambda x: jax.nn.relu(x), lambda x: jnp.log1p(jnp.exp(x))),
        (jnp.sin, jnp.sin),
    ],
    ids=["max", "min", "clamp", "relu", "no limit"],
)
def test_softened_limits_have_exponential_corners(function, smooth):
    closed = jax.make_jaxpr(function)(X)
    equation = closed.eqns[-1]
    operands = [x.val if is_literal(x) else X for x in equation.invars]
    np.testing.assert_allclose(soften(equation, operands)[0], smooth(X), rtol=1e-6)


def dead(p, x):
    return jax.nn.relu(p["v"] + x).sum() + p["w"].sum()


@pytest.fixture(scope="module")
def dead_loss():
    return make_loss(dead, {"v": jnp.full(2, -5.0), "w": X}, X)


def test_the_limit_at_which_a_gradient_ends_is_softened_or_passed(dead_loss):
    failures = make_failures(dead_loss, v="stuck")
    edits = list(propose_limit_edits(failures))
    soft = find_edit(edits, "replace the hard limit by a soft one at ")
    slope = 1 / (1 + np.exp(5 - np.asarray(X)))
    np.testing.assert_allclose(gradient_after(failures, soft, "v"), slope, rtol=1e-5)
    passed = find_edit(edits, "let the derivative pass the hard limit at ")
    np.testing.assert_allclose(gradient_after(failures, passed, "v"), np.ones(2))


def test_for_slices_every_limit_on_the_path_counts(dead_loss):
    failing = FailingLeaf(0, "stuck", view=1, indices=(1,))
    assert len(list(propose_limit_edits(make_failures(dead_loss, v=failing)))) == 2


def test_what_the_data_select_is_no_limit():
    def loss(p, x):
        return jnp.where(x > 9, p["v"], 0.0).sum() + jnp.where(p["u"] > 9, p["u"], 0.0).sum()

    diagnosed = make_loss(loss, {"u": X, "v": X}, X)
    by_data, by_leaf = make_failures(diagnosed, v="unvisited"), make_failures(diagnosed, u="stuck")
    assert list(propose_limit_edits(by_data)) == []
    assert [edit.leaves for edit in propose_limit_edits(by_leaf)] == [(0,), (0,)]


def test_small_constant_factors_are_scaled_to_size_one():
    def loss(p):
        small = (p["v"] * 1e-6) / jnp.array([1e3, 2e3])
        return small.sum() + (0.5 * p["w"]).sum()

    failures = make_failures(make_loss(loss, {"v": X, "w": X}), v="vanishing")
    edits = list(propose_factor_edits(failures))
    assert len(edits) == 2 and all("scale the constant factor" in edit.text for edit in edits)
    times, over = (gradient_after(failures, edit, "v") for edit in edits)
    np.testing.assert_allclose(times, [1e-3, 5e-4], rtol=1e-6)
    np.testing.assert_allclose(over, [1e-6 / 0.5, 1e-6], rtol=1e-6)


def test_families_propose_nothing_for_other_verdicts():
    none = SimpleNamespace(select=lambda *verdicts: [])
    assert list(propose_limit_edits(none)) == list(propose_factor_edits(none)) == []
