"""Steps from given inputs towards a kink that no input has reached."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.smooth import RADIUS, STEPS, make_climb
from tests.checks.measure.compiled import compiled

X = jax.random.normal(jax.random.key(1), (16, 3))
PARAMS = {
    "b": jnp.array([-4.5]),
    "out": jnp.ones(1),
    "w": jnp.zeros((3, 1)).at[0].set(1.0),
}
FAR = 4.5  # a sample fires the unit when its first number is larger


def _units(p, x):
    return (jnp.maximum(x @ p["w"] + p["b"][None], 0.0) @ p["out"]).sum() / len(x)


def climb(scale=1.0, batch=16, is_signed=True):
    """Returns the inputs [STEPS, 16, 3] of a climb for the bias of a unit that nothing fires."""
    runner, _, sampler = compiled(_units, PARAMS, X)
    point = sampler.keep_parameters(runner.program.args)
    leaf = runner.program.params.names.index("b")
    views = [(leaf, [(0,), ()])]
    with jax.enable_x64(True):
        function = make_climb(runner, views, [jnp.float64(scale)], batch, [is_signed])
        weights = [[jnp.zeros(1), jnp.ones(1)]]
        leaves = [jnp.asarray(x, jnp.float64) for x in point.leaves]
        (path,) = function(leaves, [jnp.asarray(X, jnp.float64)], [], weights)
    return np.asarray(path)


@pytest.fixture(scope="module")
def path():
    return climb()


def test_some_sample_reaches_the_kink_that_none_had_reached(path):
    assert X[:, 0].max() < FAR < path[-1, :, 0].max()
    assert path.shape == (STEPS, *X.shape)


def test_a_sample_moves_no_further_than_the_radius(path):
    moved = np.linalg.norm(path - np.asarray(X)[None], axis=-1)
    assert moved.max() <= RADIUS * (1 + 1e-9)


def test_numbers_that_the_unit_does_not_read_stay(path):
    np.testing.assert_array_equal(path[-1, :, 1:], np.asarray(X, np.float64)[:, 1:])


def test_an_argument_with_the_scale_zero_stays():
    np.testing.assert_array_equal(climb(scale=0.0)[-1], np.asarray(X, np.float64))


def test_an_argument_that_is_not_negative_stays_so():
    assert climb(is_signed=False).min() == 0.0
