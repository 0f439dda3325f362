"""Sentinels: their numbers, their use in a compiled optax loop, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.sentinels import (
    attention_entropy_share,
    count_silent,
    gate_statistics,
    group_by_depth,
    no_silence,
    sentinels,
    silent_groups,
)

PARAMS = {"a": {"w": jnp.array([3.0, 4.0]), "b": jnp.zeros(2)}, "c": jnp.ones(4)}


def _readings(gradients, updates=PARAMS):
    return sentinels(group_by_depth(PARAMS), gradients, updates, PARAMS)


def test_norms_are_euclidean_over_the_leaves_of_a_group():
    readings = _readings(jax.tree.map(lambda x: 2 * x, PARAMS))
    assert readings["a/weight_norm"] == pytest.approx(5.0)
    assert readings["a/gradient_norm"] == pytest.approx(10.0)
    assert readings["c/update_norm"] == pytest.approx(2.0)


def test_in_a_loop_the_norms_are_those_of_the_weights_before_the_update():
    """A plain NumPy form of gradient descent on the sum of squares of `w - 1`."""
    rate, groups, optimizer = 0.25, {"w": "w"}, optax.sgd(0.25)

    @jax.jit
    def step(params, opt_state):
        gradients = jax.grad(lambda p: ((p["w"] - 1) ** 2).sum())(params)
        updates, opt_state = optimizer.update(gradients, opt_state, params)
        readings = sentinels(groups, gradients, updates, params)
        return optax.apply_updates(params, updates), opt_state, readings

    params = {"w": jnp.array([3.0, -1.0, 0.5])}
    opt_state, weights = optimizer.init(params), np.array([3.0, -1.0, 0.5])
    for _ in range(3):
        params, opt_state, readings = step(params, opt_state)
        update = -rate * 2 * (weights - 1)
        before, after = np.linalg.norm(weights), np.linalg.norm(weights + update)
        ratio = readings["w/update_norm"] / readings["w/weight_norm"]
        np.testing.assert_allclose(readings["w/weight_norm"], before, rtol=1e-6)
        np.testing.assert_allclose(ratio, np.linalg.norm(update) / before, rtol=1e-6)
        assert abs(before - after) > 1e-2  # the weights after the update have another norm
        weights = weights + update


def test_a_tiny_gradient_does_not_print_as_zero():
    readings = _readings(jax.tree.map(lambda x: x * 1e-30, PARAMS))
    assert readings["a/gradient_norm"] == pytest.approx(5e-30, rel=1e-4)


def test_exact_zeros_and_non_finite_numbers_are_counted():
    bad = {"a": {"w": jnp.array([jnp.nan, 0.0]), "b": jnp.array([jnp.inf, 0.0])}, "c": jnp.ones(4)}
    readings = _readings(bad)
    assert readings["a/zero_share"] == 0.5
    assert readings["a/non_finite"] == 2
    assert readings["c/zero_share"] == 0


def test_a_nan_in_a_large_group_is_counted_and_not_averaged_away():
    groups, params = {"w": "w"}, {"w": jnp.ones(8192)}
    gradients = {"w": jnp.ones(8192).at[5000].set(jnp.nan)}
    readings = jax.jit(lambda g: sentinels(groups, g, params, params))(gradients)
    assert readings["w/non_finite"] == 1


def test_a_group_silent_for_long_is_reported_from_inside_a_compiled_loop():
    groups, optimizer = group_by_depth(PARAMS), optax.sgd(1e-3)

    def step(carry, _):
        params, state, silence = carry
        gradients = jax.grad(lambda p: (p["a"]["w"] ** 2).sum() + 0 * p["c"].sum())(params)
        updates, state = optimizer.update(gradients, state, params)
        readings = sentinels(groups, gradients, updates, params)
        silence = count_silent(silence, readings)
        return (optax.apply_updates(params, updates), state, silence), readings

    start = (PARAMS, optimizer.init(PARAMS), no_silence(groups))
    (_, _, silence), readings = jax.lax.scan(step, start, None, length=5)
    assert readings["a/gradient_norm"].shape == (5,)
    assert silent_groups(silence, patience=6) == []
    assert silent_groups(silence, patience=5) == [
        "c: the gradient has been exactly zero for 5 steps"
    ]


def test_one_live_step_ends_the_silence():
    zero = _readings(jax.tree.map(jnp.zeros_like, PARAMS))
    silence = count_silent(count_silent({}, zero), zero)
    assert int(silence["c"]) == 2
    assert int(count_silent(silence, _readings(PARAMS))["c"]) == 0


def test_groups_must_cover_the_leaves_and_nothing_else():
    with pytest.raises(ValueError, match="got none for 'c'"):
        sentinels({"a/w": "a", "a/b": "a"}, PARAMS, PARAMS, PARAMS)
    with pytest.raises(ValueError, match="got 'd', which is none"):
        sentinels(group_by_depth(PARAMS) | {"d": "d"}, PARAMS, PARAMS, PARAMS)


def test_attention_entropy_is_a_share_of_the_uniform_one():
    uniform, sharp = jnp.full((3, 8), 1 / 8), jnp.eye(8)
    assert attention_entropy_share(uniform) == pytest.approx(1.0)
    assert attention_entropy_share(sharp) == pytest.approx(0.0, abs=1e-6)
    masked = jnp.concatenate([uniform, jnp.zeros((5, 8))])
    assert attention_entropy_share(masked) == pytest.approx(1.0)


def test_gate_statistics_are_mean_and_spread():
    statistics = gate_statistics(jnp.array([0.0, 1.0, 0.0, 1.0], jnp.bfloat16))
    np.testing.assert_allclose([statistics["mean"], statistics["spread"]], [0.5, 0.5])


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.complex64])
@pytest.mark.parametrize("size", [1e-30, 1e-8, 1.0, 1e8, 1e25])
def test_norms_hold_over_the_whole_range_of_float32(dtype, size):
    leaf = (jnp.arange(1.0, 4097.0) % 7 * size).astype(dtype)
    readings = jax.jit(lambda g: sentinels({"w": "w"}, g, g, g))({"w": leaf})
    expected = np.linalg.norm(np.asarray(leaf).astype(np.complex128))
    np.testing.assert_allclose(readings["w/gradient_norm"], expected, rtol=1e-5)


def test_groups_are_the_first_parts_of_the_names():
    tree = {"a": {"b": {"w": jnp.ones(1)}, "c": jnp.ones(1)}, "ids": jnp.arange(2), "d": 1.0}
    assert group_by_depth(tree) == {"a/b/w": "a", "a/c": "a", "d": "d"}
    assert group_by_depth(tree, 2) == {"a/b/w": "a/b", "a/c": "a/c", "d": "d"}


def test_a_group_without_elements_has_norm_and_share_zero():
    readings = sentinels({"w": "w"}, *[{"w": jnp.zeros((0, 3))}] * 3)
    assert readings["w/gradient_norm"] == 0 and readings["w/zero_share"] == 0
