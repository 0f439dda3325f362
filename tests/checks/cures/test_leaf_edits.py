"""Edits of the values of leaves."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.failing_leaf import FailingLeaf
from checks.cures.leaf_edits import (
    propose_redraw_edits,
    propose_scale_edits,
    propose_zero_edits,
)
from tests.checks.cures.failing_losses import find_edit, make_failures, make_loss

X = jnp.array([1.0, 2.0])


def product(p, x):
    return (p["b"] * x).sum() * p["s"] * p["t"] + (p["w"] * x).sum()


@pytest.fixture(scope="module")
def zeros():
    """Two zero factors of one leaf."""
    params = {"b": X, "s": jnp.float32(0), "t": jnp.float32(0), "w": 2 * X}
    return make_loss(product, params, X)


def values_after(failures, edit):
    return edit.apply(failures.loss).points[0].leaves


def test_zero_factors_are_set_to_one_first_alone_and_then_together(zeros):
    failures = make_failures(zeros, b="stuck")
    edits = list(propose_zero_edits(failures))
    assert [(edit.text, edit.is_last) for edit in edits] == [
        ("set s to 1", False),
        ("set t to 1", False),
        ("set s to 1 and set t to 1", True),
    ] or edits[0].text == "set t to 1"
    values = values_after(failures, edits[-1])
    np.testing.assert_array_equal(values[1:3], [1, 1])
    np.testing.assert_array_equal(values[0], X)


def test_a_leaf_is_not_its_own_zero_factor_in_the_edit_of_several(zeros):
    failures = make_failures(zeros, s="stuck", t="stuck")
    assert not [edit for edit in propose_zero_edits(failures) if " and " in edit.text]


def test_a_zero_array_is_drawn_at_the_usual_size():
    loss = lambda p: (p["a"] * p["z"]).sum() + (p["w"] ** 2).sum()  # noqa: E731
    params = {"a": jnp.full(400, 3.0), "w": jnp.full(4, 3.0), "z": jnp.zeros(400)}
    failures = make_failures(make_loss(loss, params), a="stuck")
    edit = find_edit(propose_zero_edits(failures), "redraw z from a normal distribution of scale 3")
    drawn = values_after(failures, edit)[2]
    assert drawn.std() == pytest.approx(3, rel=0.1) and drawn.shape == (400,)
    np.testing.assert_array_equal(drawn, values_after(failures, edit)[2])


def test_a_small_factor_is_scaled_to_the_usual_size():
    loss = lambda p: (p["s"] * p["v"]).sum() + (p["w"] ** 2).sum()  # noqa: E731
    params = {"s": jnp.float32(1e-9), "v": jnp.full(2, 2.0), "w": jnp.full(2, 2.0)}
    failures = make_failures(make_loss(loss, params), v="vanishing")
    edit = find_edit(propose_scale_edits(failures), "multiply s by 2.0e+09")
    assert edit.kind == "leaf" and edit.leaves == (1,)
    assert values_after(failures, edit)[0] == pytest.approx(2)


def test_redrawing_a_leaf_comes_last_and_then_what_makes_it_flat(zeros):
    failures = make_failures(zeros, b="stuck")
    edits = list(propose_redraw_edits(failures))
    assert all(edit.is_last and edit.kind == "leaf" for edit in edits)
    assert edits[0].text.startswith("redraw b ") and {e.text for e in edits[1:]} >= {"set s to 1"}


def test_of_a_leaf_that_fails_in_slices_only_those_are_redrawn():
    loss = make_loss(lambda p: p["u"].sum() + p["v"].sum(), {"u": jnp.ones((2, 3)), "v": X})
    row, one = FailingLeaf(0, "stuck", 2, (1,)), FailingLeaf(1, "stuck", 1, (0,))
    failures = make_failures(loss, u=row, v=one)
    edit = find_edit(propose_redraw_edits(failures), "redraw u ")
    assert edit.text.endswith("in slice 1 of axis 1") and edit.leaves == (0, 1)
    values = values_after(failures, edit)[0]
    np.testing.assert_array_equal(values[:, [0, 2]], np.ones((2, 2)))
    assert (values[:, 1] != 1).all()
