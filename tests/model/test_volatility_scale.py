"""The direct path from the volatilities to the width of the forecasts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.data.columns import LOG_VOLATILITY_ERRORS, add_volatility, arrange_columns
from pgat_jax.model.heads import Mixture, Outputs
from pgat_jax.model.volatility_scale import GAIN, VolatilityScale, stretch
from tests.model.conftest import normal

DAYS, AHEAD, TARGETS = 30, 3, 4
# The columns that the path reads: they follow the targets and the log volatility.
COLUMNS = [5, 6, 7, 8]


@pytest.fixture(scope="module")
def inputs():
    return normal(0, 2, DAYS, 12), normal(1, 2, 5 + AHEAD, 4)


@pytest.fixture(scope="module")
def path():
    return VolatilityScale(TARGETS, AHEAD)


def test_factors_are_one_before_training(path, inputs):
    params = path.init(jax.random.key(0), *inputs)
    assert not np.asarray(path.apply(params, *inputs)).any()


def test_path_is_linear_in_the_last_errors_of_the_volatility(path, inputs):
    past, known = inputs
    params = path.init(jax.random.key(0), *inputs)
    leaves, tree = jax.tree.flatten(params)
    drawn = [normal(i, *leaf.shape).astype(leaf.dtype) for i, leaf in enumerate(leaves)]
    params = tree.unflatten(drawn)
    p = jax.tree.map(np.asarray, params["params"])
    errors = np.asarray(past)[:, -1, COLUMNS]
    expected = errors @ p["origin"]["kernel"] + p["origin"]["bias"]
    expected = expected[:, None] + np.asarray(known)[:, -AHEAD:, :1] * p["day"]["kernel"][0]
    got = path.apply(params, *inputs)
    np.testing.assert_allclose(got, GAIN * (expected + p["horizon"]), rtol=1e-4, atol=1e-4)


def test_path_reads_the_columns_of_the_errors():
    names = add_volatility(arrange_columns([])).names
    assert tuple(names[i] for i in COLUMNS) == LOG_VOLATILITY_ERRORS


def test_every_parameter_gets_gradient_at_the_start(path, inputs):
    params = path.init(jax.random.key(0), *inputs)
    weights = normal(2, 2, AHEAD, TARGETS)
    gradient = jax.grad(lambda p: jnp.sum(weights * path.apply(p, *inputs)))(params)
    assert all(np.asarray(leaf).all() for leaf in jax.tree.leaves(gradient))


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
