"""Edits of equations that pass a value and not its gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.cures.cut_edits import propose_cut_edits, propose_series_edits
from tests.checks.checked_programs import answers_zero
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)

X = jnp.array([0.3, 1.4])
FILE = "test_cut_edits.py"
# What cuts -> the words of each proposed edit, and the gradient after the first of them.
CUTS = {
    "a stop": (
        lambda v: (lax.stop_gradient(v) ** 2).sum(),
        ["remove the stop_gradient at ", "let only the gradient of v pass at "],
        2 * X,
    ),
    "a rounding": (
        lambda v: (jnp.round(v) * 3).sum(),
        ["use a straight-through estimate at "],
        3 * jnp.ones(2),
    ),
    "a rule that answers no cotangent": (
        lambda v: _forgets(v).sum(),
        ["use JAX's own derivative at "],
        3 * X**2,
    ),
}


@jax.custom_vjp
def _forgets(x):
    return x**3


_forgets.defvjp(lambda x: (x**3, None), lambda _, g: (None,))


@pytest.mark.parametrize("name", CUTS)
def test_each_kind_of_cut_has_its_edits(name):
    loss, words, gradient = CUTS[name]
    failures = make_failures(make_loss(lambda p: loss(p["v"]), {"v": X}), v="blocked")
    edits = list(propose_cut_edits(failures))
    assert [edit.text.startswith(text) for edit, text in zip(edits, words, strict=True)]
    assert all(FILE in edit.text and edit.leaves == (0,) for edit in edits)
    np.testing.assert_allclose(gradient_after(failures, edits[0], "v"), gradient, rtol=1e-6)


def test_nothing_is_proposed_where_nothing_is_blocked():
    failures = make_failures(make_loss(lambda p: (p["v"] ** 2).sum(), {"v": X}), v="stuck")
    assert list(propose_cut_edits(failures)) == list(propose_series_edits(failures)) == []


def test_opening_a_stop_for_one_leaf_comes_last_and_leaves_the_others_stopped():
    def loss(p):
        return (lax.stop_gradient(p["v"] * p["w"]) + p["w"]).sum()

    failures = make_failures(make_loss(loss, {"v": X, "w": X}), v="blocked")
    edit = find_edit(propose_cut_edits(failures), "let only the gradient of v pass")
    assert edit.is_last
    np.testing.assert_allclose(gradient_after(failures, edit, "v"), X)
    np.testing.assert_allclose(gradient_after(failures, edit, "w"), np.ones(2))


def test_cuts_in_a_row_are_opened_together():
    def loss(p):
        return (lax.stop_gradient(jnp.round(p["v"])) * X).sum()

    failures = make_failures(make_loss(loss, {"v": X}), v="blocked")
    (edit,) = propose_series_edits(failures)
    assert edit.is_last and " and " in edit.text
    assert "remove the stop_gradient at " in edit.text and "straight-through" in edit.text
    np.testing.assert_allclose(gradient_after(failures, edit, "v"), X)


def test_a_single_cut_is_no_series_and_a_rule_is_not_opened():
    single = make_loss(lambda p: lax.stop_gradient(p["v"]).sum(), {"v": X})
    assert list(propose_series_edits(make_failures(single, v="blocked"))) == []
    behind = make_loss(lambda p: answers_zero(jnp.round(p["v"])).sum(), {"v": X})
    assert list(propose_series_edits(make_failures(behind, v="blocked"))) == []
