"""The points that are drawn, and the sizes that they are drawn at."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.points import (
    JITTER,
    Sampler,
    compute_leaf_factors,
    compute_unit_scales,
    find_index_ranges,
    root_mean_square,
)
from checks.program.trace import trace
from checks.proofs.proof import prove

W = jnp.array([[1.0, -2.0], [3.0, 40.0]])


def _sampler(*args, loss=lambda p, *args: (p["w"] ** 2).sum(), params=None, seed=0):
    program = trace(loss, params or {"w": W, "zero": jnp.zeros(3)}, args)
    return Sampler(program, prove(program).dependence, seed), program


def _args(point):
    return [np.asarray(x) for x in (*point.args.learning, *point.args.fixed)]


def test_the_given_parameters_are_kept_in_float64():
    sampler, program = _sampler(W)
    point = sampler.keep_parameters(program.args)
    assert point.kind == "data" and point.args is program.args
    assert point.leaves[0].dtype == np.float64 and np.array_equal(point.leaves[0], W)


def test_the_same_seed_draws_the_same_points_and_another_others():
    points = [_sampler(W, seed=seed)[0].draw_inputs() for seed in (0, 0, 1)]
    first, same, other = (_args(point)[0] for point in points)
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_kinds_say_what_is_drawn():
    sampler, program = _sampler(W)
    for point, kind, is_drawn in [
        (sampler.draw_inputs(), "inputs", (False, True)),
        (sampler.draw_far_inputs(10.0), "far", (False, True)),
        (sampler.draw_near(0.1, redraw=False), "params", (True, False)),
        (sampler.draw_near(0.1, redraw=True), "params", (True, True)),
        (sampler.draw_parameters(1.0, redraw=False), "params", (True, False)),
        (sampler.draw_parameters(1.0, redraw=True), "params", (True, True)),
    ]:
        assert point.kind == kind
        assert (not np.array_equal(point.leaves[0], W)) is is_drawn[0]
        assert (point.args is not program.args) is is_drawn[1]


def test_leaves_move_by_their_size_and_zero_ones_by_that_of_their_peers():
    sampler, _ = _sampler(params={"w": jnp.full(1000, 4.0), "zero": jnp.zeros(1000)})
    near = sampler.draw_near(0.5, redraw=False).leaves
    assert np.std(near[0] - 4.0) == pytest.approx(2.0, rel=0.1)
    assert np.std(near[1]) == pytest.approx(2.0, rel=0.1)
    drawn = sampler.draw_parameters(0.25, redraw=False).leaves
    assert np.std(drawn[0]) == pytest.approx(1.0, rel=0.1) and abs(np.mean(drawn[0])) < 0.2


def test_a_jitter_is_rounding():
    sampler, program = _sampler()
    point = sampler.keep_parameters(program.args)
    moves = [np.abs(a - b) for a, b in zip(sampler.jitter(point).leaves, point.leaves)]
    assert 0 < moves[0].max() <= 50 * JITTER and 0 < moves[1].max() < 50 * JITTER
    assert JITTER == 1e-13


def test_elements_under_the_mask_are_drawn_and_the_others_stay():
    sampler, program = _sampler()
    point = sampler.keep_parameters(program.args)
    drawn = sampler.redraw_elements(point, 0, np.array([[True], [False]]), 1.0)
    changed = drawn.leaves[0] != point.leaves[0]
    assert changed.tolist() == [[True, True], [False, False]]
    assert drawn.leaves[1] is point.leaves[1] and point.leaves[0] is not drawn.leaves[0]


def test_floats_are_drawn_at_their_scale():
    sampler, _ = _sampler(jnp.linspace(-6.0, 6.0, 1001))
    found = _args(sampler.draw_inputs())[0]
    assert np.sqrt(np.mean(found**2)) == pytest.approx(12 / 12**0.5, rel=0.1) and found.min() < 0
    far = _args(sampler.draw_far_inputs(100.0))[0]
    assert np.sqrt(np.mean(far**2)) == pytest.approx(1200 / 12**0.5, rel=0.1)


def test_numbers_without_sign_stay_so_and_zeros_are_drawn_at_scale_one():
    sampler, _ = _sampler(jnp.linspace(0.5, 6.0, 1001), jnp.zeros(1001))
    positive, zeros = _args(sampler.draw_inputs())
    assert positive.min() >= 0 and np.std(zeros) == pytest.approx(1.0, rel=0.1)


def test_masks_of_zeros_and_ones_stay_masks_unless_far_out():
    sampler, _ = _sampler(jnp.array([0.0, 1.0] * 50))
    assert set(_args(sampler.draw_inputs())[0]) == {0.0, 1.0}
    assert len(set(_args(sampler.draw_far_inputs(10.0))[0])) > 2


def test_booleans_are_flipped_and_drawn_in_turn():
    mask = jnp.array([True, False] * 20)
    sampler, _ = _sampler(mask)
    flipped, drawn, again = (_args(sampler.draw_inputs())[0] for _ in range(3))
    assert np.array_equal(flipped, ~mask) and np.array_equal(again, ~mask)
    assert drawn.dtype == bool and not np.array_equal(drawn, ~mask)


def test_integers_are_drawn_from_the_range_that_they_have():
    sampler, _ = _sampler(jnp.array([3, 7] * 50))
    found = _args(sampler.draw_inputs())[0]
    assert set(found) == {3, 4, 5, 6, 7} and found.dtype == np.int32


def test_indices_sweep_the_axis_that_they_index():
    loss = lambda p, i: (p["w"][i] ** 2).sum()  # noqa: E731
    sampler, _ = _sampler(jnp.zeros(4, int), loss=loss, params={"w": jnp.arange(10.0)})
    drawn = [set(_args(sampler.draw_inputs())[0].tolist()) for _ in range(3)]
    assert drawn == [{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 0, 1}]


def test_keys_old_and_new_are_drawn():
    new, old = jax.random.key(0), jax.random.PRNGKey(0)
    sampler, _ = _sampler(new, old, jnp.zeros(0, int))
    point = sampler.draw_inputs()
    key, words, empty = point.args.fixed
    assert jax.random.key_impl(key) == jax.random.key_impl(new)
    assert not np.array_equal(jax.random.key_data(key), jax.random.key_data(new))
    assert words.dtype == np.uint32 and words.shape == (2,) and words.max() > 2**16
    assert empty.shape == (0,)


def test_complex_numbers_have_both_parts():
    sampler, _ = _sampler(
        params={"w": jnp.ones(4, jnp.complex64)}, loss=lambda p: abs(p["w"]).sum()
    )
    drawn = sampler.draw_parameters(1.0, redraw=False).leaves[0]
    assert drawn.dtype == np.complex128 and np.all(drawn.imag != 0) and np.all(drawn.real != 0)


def test_the_root_mean_square_neither_under_nor_overflows():
    assert root_mean_square(np.array([3.0, 4.0])) == pytest.approx(12.5**0.5)
    assert root_mean_square(np.full(4, 1e-200)) == pytest.approx(1e-200)
    assert root_mean_square(np.full(4, 1e200)) == pytest.approx(1e200)
    assert root_mean_square(np.zeros(0)) == root_mean_square(np.zeros(3)) == 0.0
    assert root_mean_square(np.array([1.0, np.inf])) == np.inf
    assert root_mean_square(np.array([3j, 4.0])) == pytest.approx(12.5**0.5)


def test_scales_have_the_units_of_rows_and_columns():
    table = np.array([[1.0, 100.0], [1.0, 100.0]])
    assert np.allclose(compute_unit_scales(table), table)
    assert np.allclose(compute_unit_scales(table.T), table.T)


def test_scales_of_vectors_zeros_and_infinite_arrays_are_one_number():
    assert compute_unit_scales(np.array([3.0, 4.0])) == pytest.approx(12.5**0.5)
    assert compute_unit_scales(np.zeros((2, 2))) == 0.0
    assert compute_unit_scales(np.full((2, 2), np.inf)) == np.inf


def test_a_row_of_zeros_has_the_scale_of_the_others():
    found = np.broadcast_to(compute_unit_scales(np.array([[2.0, 2.0], [0.0, 0.0]])), (2, 2))
    assert found[1] == pytest.approx([2**0.5] * 2) and found[0] == pytest.approx([2.0] * 2)


def test_a_zero_leaf_has_the_median_scale_of_the_others():
    scales = compute_leaf_factors([np.zeros(2), np.full(2, 1.0), np.full(2, 5.0), np.full(2, 3.0)])
    assert [float(scale) for (scale,) in scales] == pytest.approx([3.0, 1.0, 5.0, 3.0])
    assert float(compute_leaf_factors([np.zeros(2)])[0][0]) == 1.0


def _ranges(loss, *args):
    program = trace(loss, {"w": W}, args)
    return dict(find_index_ranges(program, prove(program).dependence))


def test_ranges_are_the_lengths_of_the_axes_that_are_indexed():
    i = jnp.array([0, 1])
    assert _ranges(lambda p, i, x: p["w"][i].sum() + x.sum(), i, jnp.ones(3)) == {0: 2}
    assert _ranges(
        lambda p, j, i: (jnp.ones((5, 3))[i] * j.sum()).sum().astype(jnp.float32) * p["w"].sum(),
        1.0 * jnp.ones(2),
        i,
    ) == {0: 5}


def test_the_shortest_axis_counts():
    i = jnp.array([0, 1])
    assert _ranges(
        lambda p, i: jnp.ones(9)[i].sum() + jnp.ones(4)[i].sum() + jnp.ones(6)[i].sum(), i
    ) == {0: 4}


def test_slices_and_one_hot_codes_are_indices_too():
    i = jnp.array(1)
    sliced = lambda p, i: jax.lax.dynamic_slice(jnp.ones((5, 7)), (0, i), (2, 2)).sum()  # noqa: E731
    assert _ranges(sliced, i) == {0: 7}
    assert _ranges(lambda p, i: jax.nn.one_hot(i, 6).sum(), i) == {0: 6}
    assert _ranges(lambda p, i: (i == 3).astype(jnp.float32) * p["w"].sum(), i) == {}
    assert _ranges(lambda p, x: p["w"].sum() * x, 1.0) == {}


def _by_vjp(table, i):
    rule = jax.custom_vjp(lambda table, i: table[i])
    rule.defvjp(
        lambda table, i: (table[i], (table, i)),
        lambda saved, back: (jnp.zeros_like(saved[0]).at[saved[1]].add(back), None),
    )
    return rule(table, i)


def _by_jvp(table, i):
    rule = jax.custom_jvp(lambda table, i: table[i])
    rule.defjvp(lambda primals, slopes: (primals[0][primals[1]], slopes[0][primals[1]]))
    return rule(table, i)


@pytest.mark.parametrize("look_up", [_by_vjp, _by_jvp])
def test_indices_inside_custom_rules_are_found(look_up):
    i = jnp.array([0, 1])
    nested = jax.jit(lambda table, i: _by_vjp(table, i) + 0 * look_up(table, i))
    assert _ranges(lambda p, x, i: look_up(p["w"], i).sum() * x.sum(), jnp.ones(5), i) == {0: 2}
    assert _ranges(lambda p, i: nested(jnp.ones((7, 2)), 2 * i).sum(), i) == {0: 7}


def test_the_inputs_of_a_point_are_kept_with_the_given_parameters():
    sampler, _ = _sampler(W)
    drawn = sampler.draw_near(0.3, redraw=True)
    point = sampler.keep_inputs(drawn)
    assert point.kind == "inputs" and point.args is drawn.args
    assert np.array_equal(point.leaves[0], W)
