"""A loop of unknown length as a scan."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.cures.cut_edits import propose_cut_edits
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)


def loss(params, limit, unrolled=False):
    """Doubles a number until it is above a limit, which takes three steps."""
    start = params["v"].sum()
    if unrolled:
        return start * 8
    return lax.while_loop(lambda s: s < limit, lambda s: 2 * s, start)


def test_the_scan_has_the_steps_that_the_data_take_and_the_gradient_of_the_unrolled_loop():
    params, limit = {"v": jnp.array([0.5, 0.6])}, jnp.float32(8)
    failures = make_failures(make_loss(loss, params, limit), v="blocked")
    edit = find_edit(propose_cut_edits(failures), "run the loop as a scan of 3 steps at ")
    expected = jax.grad(loss)(params, limit, unrolled=True)["v"]
    np.testing.assert_allclose(gradient_after(failures, edit, "v"), expected)


def test_of_two_loops_at_one_line_the_longer_one_gives_the_steps_and_both_stay_right():
    def both(params):
        ends = [lax.while_loop(lambda s: s < 8, lambda s: 2 * s, v.sum()) for v in params.values()]
        return ends[0] + ends[1]

    params = {"a": jnp.array([0.5, 0.6]), "b": jnp.array([4.0, 1.0])}
    failures = make_failures(make_loss(both, params), a="blocked", b="blocked")
    edit = find_edit(propose_cut_edits(failures), "a scan of 3 steps")
    assert edit.leaves == (0, 1)
    np.testing.assert_allclose(gradient_after(failures, edit, "a"), [8, 8])
    np.testing.assert_allclose(gradient_after(failures, edit, "b"), [2, 2])


def test_a_batched_loop_gets_the_steps_of_its_slowest_member():
    def batched(params, x, unrolled=False):
        if unrolled:
            return (params["v"].sum() * x * jnp.array([8.0, 2.0, 1.0])).sum()
        go = lambda start: lax.while_loop(lambda s: s < 8, lambda s: 2 * s, start)  # noqa: E731
        return jax.vmap(go)(params["v"].sum() * x).sum()

    params, x = {"v": jnp.array([0.5, 0.6])}, jnp.array([1.0, 6.0, 9.0])
    failures = make_failures(make_loss(batched, params, x), v="blocked")
    edit = find_edit(propose_cut_edits(failures), "a scan of 3 steps")
    expected = jax.grad(batched)(params, x, unrolled=True)["v"]
    np.testing.assert_allclose(gradient_after(failures, edit, "v"), expected)
