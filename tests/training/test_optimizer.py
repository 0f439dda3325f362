from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pgat_jax.config import TrainConfig
from pgat_jax.training.optimizer import (
    GROUPS,
    MULTIPLE,
    build_optimizer,
    group_of_leaves,
    learning_rate_schedule,
    on_leaves,
    pack,
    unpack,
    updates_made,
)

STEPS_PER_EPOCH = 10
NAMES = ("petri", "decoder", "dual_stream")


def config(**keys) -> TrainConfig:
    recipe = {"epochs": 50, "accumulation": 3, "learning_rate": 3e-3, "warmup_epochs": 3}
    return TrainConfig.model_validate(recipe | {"final_learning_rate": 1e-5} | keys)


def params_of(key: int = 0):
    """Plain and stacked leaves, two top-level names of one group among them."""
    shapes = {"kernel": (4, 3), "stack": {"kernel": (2, 4, 3), "bias": (2, 3)}, "scale": (3,)}
    tree = dict.fromkeys(NAMES, shapes)
    leaves, treedef = jax.tree.flatten(tree, is_leaf=lambda x: isinstance(x, tuple))
    keys = jax.random.split(jax.random.key(key), len(leaves))
    return treedef.unflatten([jax.random.normal(k, s) for k, s in zip(keys, leaves)])


@pytest.fixture(scope="module")
def params():
    return params_of()


@cache
def compiled(config: TrainConfig, steps_per_epoch: float = STEPS_PER_EPOCH):
    optimizer, rate = build_optimizer(config, steps_per_epoch)
    optimizer = on_leaves(optimizer)
    return jax.jit(optimizer.init), jax.jit(optimizer.update), rate


def advance(config, params, gradients, steps_per_epoch: float = STEPS_PER_EPOCH):
    """Parameters after each of the gradients in turn, and the last state."""
    init, update, _ = compiled(config, steps_per_epoch)
    state = init(params)
    for gradient in gradients:
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
    return params, state


@pytest.mark.parametrize(("epoch", "expected"), [(1, 1e-3), (2, 2e-3), (3, 3e-3), (50, 1e-5)])
@pytest.mark.parametrize("steps_per_epoch", [9, 389])
def test_learning_rate_after_an_epoch(epoch, expected, steps_per_epoch):
    rate = learning_rate_schedule(config(), steps_per_epoch)
    updates = epoch * steps_per_epoch / 3  # 389 steps are 129.67 updates
    assert float(rate(jnp.float32(updates))) == pytest.approx(expected, rel=1e-5)


def test_learning_rate_is_linear_then_half_a_cosine():
    rate = learning_rate_schedule(config(), 300)
    warm = jax.vmap(rate)(jnp.arange(301))
    np.testing.assert_allclose(np.diff(warm), 1e-5, rtol=2e-3)
    middle = float(rate(jnp.int32(100 * (3 + 47 / 2))))
    assert middle == pytest.approx((3e-3 + 1e-5) / 2, rel=1e-5)
    assert (np.diff(jax.vmap(rate)(jnp.arange(300, 5001))) <= 0).all()


def test_no_warm_up_starts_at_the_peak():
    rate = learning_rate_schedule(config(warmup_epochs=0), 3000)
    assert float(rate(jnp.int32(1))) == pytest.approx(3e-3, rel=1e-4)


def test_rate_of_an_update_is_counted_in_updates_not_in_steps(params):
    gradient = jax.tree.map(jnp.ones_like, params)
    after, state = advance(config(), params, [gradient] * 3)
    assert int(updates_made(state, config())) == 1
    expected = float(compiled(config())[2](jnp.int32(1)))
    moved = jax.tree.map(lambda a, b: jnp.abs(a - b), params, after)
    for leaf in jax.tree.leaves(moved):  # Adam's first update is the rate itself
        np.testing.assert_allclose(leaf, expected, rtol=1e-2)


def test_accumulation_of_three_equals_one_batch_three_times_as_large(params):
    """Mean, then clip: the gradient here is well above the clip norm."""
    inputs = jax.random.normal(jax.random.key(1), (12, 3))

    @jax.grad
    def gradient(params, x):
        return 50 * sum(jnp.mean(jnp.square(leaf @ x.T - 1)) for leaf in jax.tree.leaves(params))

    assert all(optax.tree.norm(g) > 5 for g in gradient(params, inputs).values())
    thirds = [gradient(params, inputs[i : i + 4]) for i in (0, 4, 8)]
    pieces, _ = advance(config(), params, thirds)
    whole = config(accumulation=1)
    at_once, _ = advance(whole, params, [gradient(params, inputs)], STEPS_PER_EPOCH / 3)
    assert (pieces["petri"]["scale"] != params["petri"]["scale"]).all()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), pieces, at_once)


def test_a_spike_in_one_group_leaves_the_updates_of_the_others_unchanged(params):
    calm = jax.tree.map(lambda p: 0.1 * p, params_of(1))
    spike = calm | {"petri": jax.tree.map(lambda g: 1e6 * g, calm["petri"])}
    quiet, _ = advance(config(accumulation=1), params, [calm, calm])
    spiked, _ = advance(config(accumulation=1), params, [spike, calm])
    for name in NAMES:
        same = jax.tree.map(lambda a, b: bool((a == b).all()), quiet[name], spiked[name])
        assert all(jax.tree.leaves(same)) == (name != "petri"), name


def test_each_group_is_clipped_to_the_norm(params):
    large = jax.tree.map(lambda p: 100 * p, params)
    _, state = advance(config(accumulation=1), params, [large])
    norms = {
        "petri": optax.tree.norm(large["petri"]),
        "decoder": optax.tree.norm([large["decoder"], large["dual_stream"]]),
    }
    assert min(norms.values()) > 5
    clipped = {
        name: jax.tree.map(lambda g, n=norms[GROUPS[name]]: g * 5 / n, large[name])
        for name in NAMES
    }
    moments = optax.tree.get(state, "mu")  # (1 - b1) x the clipped gradient after one update
    expected = jax.tree.map(lambda vector: 0.1 * vector, pack(clipped))
    assert expected.keys() == moments.keys() == {"decayed", "plain"}
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), moments, expected)


def test_decay_moves_matrices_alone_even_where_biases_are_stacked(params):
    still = jax.tree.map(jnp.zeros_like, params)
    after, _ = advance(config(accumulation=1, weight_decay=0.5), params, [still])
    for name in NAMES:
        before, now = params[name], after[name]
        assert (now["kernel"] != before["kernel"]).all()
        assert (now["stack"]["kernel"] != before["stack"]["kernel"]).all()
        assert (now["stack"]["bias"] == before["stack"]["bias"]).all()
        assert (now["scale"] == before["scale"]).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_non_finite_gradient_is_left_out_and_does_not_poison_the_mean(params, bad, place):
    gradients = [jax.tree.map(lambda p, i=i: p / (i + 1), params) for i in range(3)]
    poisoned = jax.tree.map(lambda g: g, gradients[0])
    poisoned["petri"]["scale"] = poisoned["petri"]["scale"].at[0].set(bad)
    clean, _ = advance(config(), params, gradients)
    with_bad = [*gradients[:place], poisoned, *gradients[place:]]
    skipped, state = advance(config(), params, with_bad)
    assert int(updates_made(state, config())) == 1
    jax.tree.map(np.testing.assert_array_equal, clean, skipped)


def test_every_leaf_has_a_group(params):
    groups = group_of_leaves(params)
    assert groups["dual_stream/stack/bias"] == "decoder"
    assert set(groups.values()) == {"petri", "decoder"}


def test_a_parameter_without_a_group_is_refused(params):
    with pytest.raises(ValueError, match="'surprise' belongs to no group"):
        pack(params | {"surprise": params["petri"]})


def test_vectors_hold_every_leaf_once_and_divide_among_devices(params):
    packed = pack(params)
    jax.tree.map(np.testing.assert_array_equal, unpack(packed, params), params)
    assert {len(vector) % MULTIPLE for vector in jax.tree.leaves(packed)} == {0}
    squares = [sum(float((x**2).sum()) for x in jax.tree.leaves(t)) for t in (packed, params)]
    assert squares[0] == pytest.approx(squares[1], rel=1e-6)
