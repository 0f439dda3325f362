"""The optimiser on small trees: each link of the chain against plain arithmetic."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from pgat_jax.config import TrainConfig
from pgat_jax.training.optimizer import (
    NEVER,
    build_optimizer,
    count_updates,
    learning_rate_schedule,
    on_leaves,
)
from pgat_jax.training.packing import GROUPS, pack

STEPS_PER_EPOCH = 10
NAMES = ("petri", "decoder", "dual_stream")


def config(**keys) -> TrainConfig:
    settings = {"epochs": 50, "accumulation": 3, "learning_rate": 3e-3, "warmup_epochs": 3}
    return TrainConfig.model_validate(settings | {"final_learning_rate": 1e-5} | keys)


def params_of(key: int = 0):
    """Plain and stacked leaves, two top-level names of one group among them."""
    shapes = {"kernel": (4, 3), "stack": {"kernel": (2, 4, 3), "bias": (2, 3)}, "scale": (3,)}
    tree = dict.fromkeys(NAMES, shapes)
    leaves, treedef = jax.tree.flatten(tree, is_leaf=lambda x: isinstance(x, tuple))
    rng = np.random.default_rng(key)
    return treedef.unflatten([jnp.asarray(rng.normal(size=s), jnp.float32) for s in leaves])


@pytest.fixture(scope="module")
def params():
    return params_of()


@cache
def compiled(config: TrainConfig, steps_per_epoch: float = STEPS_PER_EPOCH):
    optimizer = on_leaves(build_optimizer(config, steps_per_epoch))
    return jax.jit(optimizer.init), jax.jit(optimizer.update)


def advance(config, params, gradients, steps_per_epoch: float = STEPS_PER_EPOCH):
    """Parameters after each of the gradients in turn, and the last state."""
    init, update = compiled(config, steps_per_epoch)
    state = init(params)
    for gradient in gradients:
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
    return params, state


def adamw_by_hand(leaf, gradients, rates, decay=0.0):
    """AdamW (Loshchilov and Hutter 2019) with optax's default constants."""
    b1, b2, eps = 0.9, 0.999, 1e-8
    leaf, m, v = np.asarray(leaf, np.float64), 0.0, 0.0
    for n, (gradient, rate) in enumerate(zip(gradients, rates), 1):
        gradient = np.asarray(gradient, np.float64)
        m, v = b1 * m + (1 - b1) * gradient, b2 * v + (1 - b2) * gradient**2
        step = (m / (1 - b1**n)) / (np.sqrt(v / (1 - b2**n)) + eps)
        leaf = leaf - rate * (step + decay * leaf)
    return leaf


@pytest.mark.parametrize(("epoch", "expected"), [(1, 1e-3), (2, 2e-3), (3, 3e-3), (50, 1e-5)])
@pytest.mark.parametrize("steps_per_epoch", [9, 389])
def test_learning_rate_after_an_epoch(epoch, expected, steps_per_epoch):
    rate = learning_rate_schedule(config(), steps_per_epoch)
    updates = epoch * steps_per_epoch / 3  # 389 steps are 129.67 updates
    assert float(rate(jnp.float32(updates))) == pytest.approx(expected, rel=1e-5)


def test_learning_rate_is_linear_then_half_a_cosine():
    rate = learning_rate_schedule(config(), 300)
    rates = np.asarray(rate(jnp.arange(5001)))
    assert rates[0] == 0
    np.testing.assert_allclose(np.diff(rates[:301]), 1e-5, rtol=2e-3)
    share = (np.arange(300, 5001) / 100 - 3) / 47
    expected = 1e-5 + (3e-3 - 1e-5) * 0.5 * (1 + np.cos(np.pi * share))
    np.testing.assert_allclose(rates[300:], expected, rtol=1e-4)


def test_learning_rate_stays_at_the_end_after_the_last_epoch():
    rate = learning_rate_schedule(config(), 300)
    assert float(rate(jnp.int32(6000))) == pytest.approx(1e-5, rel=1e-5)


def test_no_warm_up_starts_at_the_peak():
    rate = learning_rate_schedule(config(warmup_epochs=0), 3000)
    assert float(rate(jnp.int32(0))) == pytest.approx(3e-3, rel=1e-6)
    assert float(rate(jnp.int32(1))) == pytest.approx(3e-3, rel=1e-4)


def test_one_epoch_of_warm_up_rises_within_it():
    rate = learning_rate_schedule(config(warmup_epochs=1), 30)
    np.testing.assert_allclose(rate(jnp.array([1, 5, 10])), [3e-4, 1.5e-3, 3e-3], rtol=1e-6)


def test_updates_are_adamw_at_the_rate_of_their_number(params):
    """Four updates with gradients below the clip norm; rates are 1, 2, 3, 4 tenths of a third."""
    settings = config(accumulation=1, weight_decay=0.1)
    gradients = [jax.tree.map(lambda p, i=i: 0.1 * p / i, params_of(i)) for i in (1, 2, 3, 4)]
    after, state = advance(settings, params, gradients)
    assert int(count_updates(state, settings)) == 4
    rates = [3e-3 * n / 30 for n in (1, 2, 3, 4)]
    for name in NAMES:
        for leaf, decay in (("kernel", 0.1), ("scale", 0.0)):
            expected = adamw_by_hand(
                params[name][leaf], [g[name][leaf] for g in gradients], rates, decay
            )
            np.testing.assert_allclose(after[name][leaf], expected, rtol=2e-6, atol=1e-7)


def test_parameters_move_at_the_last_batch_of_an_update_alone(params):
    init, update = compiled(config())
    state, moves, counts = init(params), [], []
    for _ in range(6):
        updates, state = update(params, state, params)
        moves.append(any(bool(leaf.any()) for leaf in jax.tree.leaves(updates)))
        counts.append(count_updates(state, config()).item())
    assert moves == [False, False, True] * 2
    assert counts == [0, 0, 1, 1, 1, 2]


def test_rate_of_an_update_is_counted_in_updates_not_in_steps(params):
    gradient = jax.tree.map(jnp.ones_like, params)
    after, state = advance(config(), params, [gradient] * 6)
    assert int(count_updates(state, config())) == 2
    rate = learning_rate_schedule(config(), STEPS_PER_EPOCH)
    expected = float(rate(1) + rate(2))  # of a constant gradient Adam's update is the rate itself
    for leaf in jax.tree.leaves(jax.tree.map(lambda a, b: a - b, params, after)):
        np.testing.assert_allclose(leaf, expected, rtol=1e-2)


def test_accumulation_of_three_equals_one_batch_three_times_as_large(params):
    """Mean, then clip: the gradient here is well above the clip norm."""
    thirds = [jax.tree.map(lambda p: 50 * p, params_of(i)) for i in (1, 2, 3)]
    mean = jax.tree.map(lambda *g: sum(g) / 3, *thirds)
    assert all(optax.tree.norm(mean[name]) > 5 for name in NAMES)
    pieces, _ = advance(config(), params, thirds)
    whole = config(accumulation=1)
    at_once, _ = advance(whole, params, [mean], STEPS_PER_EPOCH / 3)
    assert (pieces["petri"]["scale"] != params["petri"]["scale"]).all()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), pieces, at_once)


def test_a_second_update_starts_from_an_empty_mean(params):
    """The gradients of the first update do not enter the second."""
    ones = jax.tree.map(lambda p: 0.1 * jnp.ones_like(p), params)
    none = jax.tree.map(jnp.zeros_like, params)
    settings = config(weight_decay=0)
    _, state = advance(settings, params, [ones] * 3 + [none] * 3)
    moments = jax.tree.leaves(optax.tree.get(state, "mu"))
    assert max(float(x.max()) for x in moments) == pytest.approx(0.9 * 0.1 * 0.1, rel=1e-5)


def test_a_spike_in_one_group_leaves_the_updates_of_the_others_unchanged(params):
    small = jax.tree.map(lambda p: 0.1 * p, params_of(1))
    spike = small | {"petri": jax.tree.map(lambda g: 1e6 * g, small["petri"])}
    quiet, _ = advance(config(accumulation=1), params, [small, small])
    spiked, _ = advance(config(accumulation=1), params, [spike, small])
    for name in NAMES:
        same = jax.tree.map(lambda a, b: bool((a == b).all()), quiet[name], spiked[name])
        assert all(jax.tree.leaves(same)) == (name != "petri"), name


@pytest.mark.parametrize("scale", [2.0, 0.01])
def test_each_group_is_clipped_to_the_norm_and_no_smaller_one(params, scale):
    gradient = jax.tree.map(lambda p: scale * p, params)
    _, state = advance(config(accumulation=1), params, [gradient])
    norms = {
        "petri": optax.tree.norm(gradient["petri"]),
        "decoder": optax.tree.norm([gradient["decoder"], gradient["dual_stream"]]),
    }
    factors = {group: min(1.0, 5.0 / float(norm)) for group, norm in norms.items()}
    assert all((factor < 1) == (scale > 1) for factor in factors.values())
    clipped = {
        name: jax.tree.map(lambda g, f=factors[GROUPS[name]]: g * f, gradient[name])
        for name in NAMES
    }
    moments = optax.tree.get(state, "mu")  # (1 - b1) x the clipped gradient after one update
    expected = jax.tree.map(lambda vector: 0.1 * vector, pack(clipped))
    assert expected.keys() == moments.keys() == {"decayed", "plain"}
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), moments, expected)


def test_the_clip_norm_is_that_of_the_configuration(params):
    gradient = jax.tree.map(lambda p: 100 * p, params)
    _, state = advance(config(accumulation=1, clip_norm=0.5), params, [gradient])
    vectors = optax.tree.get(state, "mu")
    for group in ("petri", "decoder"):
        norm = optax.tree.norm([kind[group] for kind in vectors.values()])
        assert float(norm) == pytest.approx(0.1 * 0.5, rel=1e-5)


def test_decay_moves_matrices_alone_even_where_biases_are_stacked(params):
    still = jax.tree.map(jnp.zeros_like, params)
    after, _ = advance(config(accumulation=1, weight_decay=0.5), params, [still])
    rate = float(learning_rate_schedule(config(accumulation=1), STEPS_PER_EPOCH)(1))
    for name in NAMES:
        before, now = params[name], after[name]
        shrunk = (1 - 0.5 * rate) * before["kernel"]
        np.testing.assert_allclose(now["kernel"], shrunk, rtol=1e-6)
        assert (now["stack"]["kernel"] != before["stack"]["kernel"]).all()
        assert (now["stack"]["bias"] == before["stack"]["bias"]).all()
        assert (now["scale"] == before["scale"]).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_non_finite_gradient_is_left_out_and_does_not_poison_the_mean(params, bad, place):
    gradients = [jax.tree.map(lambda p, i=i: p / (i + 1), params) for i in range(3)]
    poisoned = gradients[0] | {"petri": gradients[0]["petri"] | {"scale": jnp.array([bad, 1, 1])}}
    clean, _ = advance(config(), params, gradients)
    with_bad = [*gradients[:place], poisoned, *gradients[place:]]
    skipped, state = advance(config(), params, with_bad)
    assert int(count_updates(state, config())) == 1
    assert int(state.total_notfinite) == 1
    jax.tree.map(np.testing.assert_array_equal, clean, skipped)


def test_non_finite_gradients_are_never_let_through(params):
    """However many come in a row; their count starts anew at a good one."""
    settings = config(accumulation=1)
    bad = jax.tree.map(lambda p: p * jnp.nan, params)
    after, state = advance(settings, params, [bad] * 12)
    assert int(state.notfinite_count) == int(state.total_notfinite) == 12
    jax.tree.map(np.testing.assert_array_equal, after, params)
    _, state = advance(settings, params, [bad, bad, params])
    assert (int(state.notfinite_count), int(state.total_notfinite)) == (0, 2)
    assert NEVER == 2**31 - 1
