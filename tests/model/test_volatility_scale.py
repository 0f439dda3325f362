"""The direct path from the volatilities to the width of the forecasts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.heads import Mixture, Outputs
from pgat_jax.model.volatility_scale import (
    GAIN,
    HALF_LIVES,
    VolatilityScale,
    smoothing_weights,
    stretch,
)
from tests.model.conftest import normal

DAYS, AHEAD, TARGETS = 30, 3, 4


@pytest.fixture(scope="module")
def inputs():
    return normal(0, 2, DAYS, 9), normal(1, 2, 5 + AHEAD, 4)


@pytest.fixture(scope="module")
def path():
    return VolatilityScale(TARGETS, AHEAD)


def test_factors_are_one_before_training(path, inputs):
    params = path.init(jax.random.key(0), *inputs)
    assert not np.asarray(path.apply(params, *inputs)).any()


def test_path_is_linear_in_the_smoothed_volatilities(path, inputs):
    past, known = inputs
    params = path.init(jax.random.key(0), *inputs)
    leaves, tree = jax.tree.flatten(params)
    drawn = [normal(i, *leaf.shape).astype(leaf.dtype) for i, leaf in enumerate(leaves)]
    params = tree.unflatten(drawn)
    p = params["params"]
    ages = np.arange(DAYS)[::-1]
    features = np.stack([
        [np.average(window[:, c], weights=0.5 ** (ages / h)) for c in (4, 5) for h in HALF_LIVES]
        for window in np.asarray(past)
    ])  # fmt: skip
    p = jax.tree.map(np.asarray, p)
    expected = features @ p["origin"]["kernel"] + p["origin"]["bias"]
    expected = expected[:, None] + np.asarray(known)[:, -AHEAD:, :1] * p["day"]["kernel"][0]
    got = path.apply(params, *inputs)
    np.testing.assert_allclose(got, GAIN * (expected + p["horizon"]), rtol=1e-4, atol=1e-4)


def test_every_parameter_gets_gradient_at_the_start(path, inputs):
    params = path.init(jax.random.key(0), *inputs)
    weights = normal(2, 2, AHEAD, TARGETS)
    gradient = jax.grad(lambda p: jnp.sum(weights * path.apply(p, *inputs)))(params)
    assert all(np.asarray(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_weights_sum_to_one_and_the_last_day_has_the_largest():
    weights = smoothing_weights(DAYS)
    np.testing.assert_allclose(weights.sum(0), 1)
    assert (weights.argmax(0) == DAYS - 1).all()
    np.testing.assert_allclose(
        weights[-1] / weights[-1 - HALF_LIVES[1]], [16, 2, 2 ** (4 / 15), 2 ** (4 / 60)]
    )


def test_stretch_multiplies_values_and_leaves_weights():
    point, values = normal(0, 2, 3, 4), normal(1, 2, 3, 4, 5)
    log_factor = jnp.full((2, 3, 4), jnp.log(2.0))
    quantiles = stretch(Outputs(point, values, None, {}), log_factor)
    np.testing.assert_allclose(quantiles.point, 2 * point, rtol=1e-6)
    np.testing.assert_allclose(quantiles.quantiles, 2 * values, rtol=1e-6)
    mixture = stretch(Outputs(point, None, Mixture(values, values, values), {}), log_factor).mixture
    np.testing.assert_array_equal(mixture.log_weights, values)
    np.testing.assert_allclose(mixture.means, 2 * values, rtol=1e-6)
    np.testing.assert_allclose(mixture.scales, 2 * values, rtol=1e-6)
