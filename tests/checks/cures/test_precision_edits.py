"""Edits of types."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.precision_edits import is_half, propose_precision_edits, widen_half_dtype
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)

V = jnp.array([1.0, 2.0])


def through_half(p):
    """Flushes the gradient to zero in float16."""
    half = p["v"].astype(jnp.float16)
    return 1e-9 * half.astype(jnp.float32).sum() + p["h"].sum(dtype=jnp.float32)


@pytest.fixture(scope="module")
def diagnosed():
    return make_loss(through_half, {"h": V.astype(jnp.bfloat16), "v": V})


@pytest.mark.parametrize(
    "dtype, expected",
    [("float16", True), ("bfloat16", True), ("float8_e4m3fn", True), ("float32", False)],
)
def test_floats_of_sixteen_bits_or_fewer_are_half_and_become_float32(dtype, expected):
    dtype = jnp.dtype(dtype)
    assert is_half(dtype) is expected and widen_half_dtype(dtype) == jnp.float32
    assert not is_half(jnp.dtype("int8")) and widen_half_dtype(jnp.dtype("int8")) == jnp.int8


def test_half_precision_is_computed_in_float32_from_its_first_place(diagnosed):
    failures = make_failures(diagnosed, v="underflow")
    edit = find_edit(propose_precision_edits(failures), "compute in float32 instead of float16 at ")
    assert "test_precision_edits.py" in edit.text
    loss = edit.apply(failures.loss)
    written = loss.runner.compute_written([V.astype(jnp.bfloat16), V], loss.program.args)
    np.testing.assert_allclose(written.leaves[1], [1e-9, 1e-9], rtol=1e-6)


def test_a_half_leaf_whose_update_is_lost_gets_a_master_copy(diagnosed):
    failures = make_failures(diagnosed, h="underflow")
    edit = find_edit(propose_precision_edits(failures), "keep a float32 copy of h")
    assert edit.kind == "optimizer" and edit.leaves == (0,)
    loss = edit.apply(failures.loss)
    assert loss.program.params.learning[0].dtype == jnp.float32
    assert loss.training.leaves[1][0].dtype == np.float32
    np.testing.assert_allclose(gradient_after(failures, edit, "h"), np.ones(2))


def test_everything_can_be_computed_in_float64(diagnosed):
    failures = make_failures(diagnosed, v="non_finite")
    edit = find_edit(propose_precision_edits(failures), "compute everything in float64")
    assert edit.apply(failures.loss).wide


def test_other_verdicts_need_no_other_types(diagnosed):
    assert list(propose_precision_edits(make_failures(diagnosed, v="stuck"))) == []
