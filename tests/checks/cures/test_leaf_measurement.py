"""Whether a leaf passes, by the measurement of its verdict."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax

from checks.cures.failing_leaf import FailingLeaf
from checks.cures.leaf_measurement import find_leaves_with_gradient, measure_leaf
from tests.checks.checked_programs import half_tanh
from tests.checks.cures.failing_losses import make_loss

X = jnp.array([1.0, 2.0, 3.0])


def loss(params, x):
    """One leaf of each kind."""
    unit = jnp.stack([params["unit"].sum() ** 2 * x[0], 0 * params["unit"].sum()])
    alive = (params["alive"] * x).sum() + 1e-12 * params["weak"].sum() + unit.sum()
    zero = (params["up"] @ params["down"] * x[None]).sum() + params["s"] ** 2 * x.sum()
    return alive + zero + lax.stop_gradient(params["cut"]).sum() + half_tanh(params["off"]).sum()


PARAMS = {
    "alive": X,
    "cut": X,
    "down": jnp.zeros((1, 3)),
    "off": X,
    "s": jnp.float32(0),
    "unit": X,
    "up": jnp.ones((3, 1)),
    "weak": X,
}
NAMES = list(PARAMS)


@pytest.fixture(scope="module")
def diagnosed():
    return make_loss(loss, PARAMS, X)


def measure(diagnosed, name, verdict, **part):
    return measure_leaf(diagnosed, FailingLeaf(NAMES.index(name), verdict, **part))


def test_a_gradient_above_noise_passes(diagnosed):
    name, found = measure(diagnosed, "alive", "stuck")
    assert (name, found.passes, found.steps) == ("gradient", True, 0)
    assert found.size == pytest.approx(np.sqrt(14 / 3))


def test_a_gradient_of_zero_is_measured_again_after_some_steps(diagnosed):
    _, waits = measure(diagnosed, "up", "stuck")
    assert waits.passes and waits.steps == 3 and waits.size > 0
    _, never = measure(diagnosed, "s", "stuck")
    assert (never.size, never.passes) == (0.0, False)


def test_a_leaf_without_derivative_fails_without_training(diagnosed):
    _, found = measure(diagnosed, "cut", "blocked")
    assert (found.size, found.passes, found.steps) == (0.0, False, 0)


def test_a_vanishing_leaf_is_measured_beside_its_peers(diagnosed):
    _, weak = measure(diagnosed, "weak", "vanishing")
    _, strong = measure(diagnosed, "alive", "vanishing")
    assert weak.size == pytest.approx(1e-12, rel=1e-4)
    assert not weak.passes and strong.passes


def test_an_update_must_move_the_leaf_downhill(diagnosed):
    name, found = measure(diagnosed, "alive", "starved")
    assert name == "update" and found.passes and found.size == pytest.approx(0.0216, rel=1e-2)
    uphill = diagnosed.replace_optimizer(optax.scale(1e-2))
    still = diagnosed.replace_optimizer(optax.scale(0.0))
    assert not measure(uphill, "alive", "starved")[1].passes
    assert measure(still, "alive", "starved")[1].size == 0


def test_a_wrong_rule_is_measured_by_its_error(diagnosed):
    name, found = measure(diagnosed, "off", "wrong")
    assert name == "error" and not found.passes
    assert found.size == pytest.approx(0.5, rel=1e-6)


def test_failing_slices_are_measured_alone():
    table = make_loss(lambda p, x: (p["t"][0] * x).sum(), {"t": jnp.ones((2, 3))}, X)
    for row, size in enumerate([np.sqrt(14 / 3), 0.0]):
        _, found = measure_leaf(table, FailingLeaf(0, "stuck", view=1, indices=(row,)))
        assert found.size == pytest.approx(size) and found.passes is (row == 0)


def test_a_leaf_that_turns_non_finite_in_training_fails():
    root = make_loss(lambda p: jnp.sqrt(p["v"]).sum(), {"v": X}, optimizer=optax.sgd(5.0))
    _, found = measure_leaf(root, FailingLeaf(0, "non_finite"))
    assert np.isnan(found.size) and not found.passes and found.steps > 0


def test_leaves_with_a_gradient_are_found(diagnosed):
    found = {NAMES[i] for i in find_leaves_with_gradient(diagnosed)}
    assert found == {"alive", "down", "off", "unit", "weak"}
