"""A program compiled: losses and gradients as written and in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.program.leaves import partition
from checks.program.runner import Runner, widen_args, widen_array
from checks.program.trace import trace

X = jnp.array([1.0, 2.0, 3.0])
PARAMS = {"a": jnp.float32(0.1), "unused": X, "w": jnp.array([0.1, 0.2, 0.3])}


def loss(params, x, count):
    return (params["w"] * x).sum() * params["a"] * count.astype(jnp.float32)


@pytest.fixture(scope="module")
def runner():
    return Runner(trace(loss, PARAMS, (X, jnp.int32(2))), watched=(0, 2))


@pytest.fixture(scope="module")
def args():
    return partition((X, jnp.int32(2)))


LEAVES = [np.float64(0.1), np.asarray(X, float), np.array([0.1, 0.2, 0.3])]


def test_the_gradient_as_written_is_that_of_jax(runner, args):
    found = runner.compute_written(list(PARAMS.values()), args)
    value, slopes = jax.value_and_grad(loss)(PARAMS, X, jnp.int32(2))
    assert found.loss == float(value) and found.leaves[1] is None
    np.testing.assert_array_equal(found.leaves[2], slopes["w"])
    assert found.leaves[0].dtype == np.float32


def test_the_wide_gradient_is_that_in_float64(runner, args):
    found = runner.compute_wide(LEAVES, args)
    assert found.loss == pytest.approx(0.28, rel=1e-14) and found.leaves[1] is None
    np.testing.assert_allclose(found.leaves[2], 0.2 * np.arange(1.0, 4.0), rtol=1e-14)
    assert runner.compute_wide_loss(LEAVES, args) == found.loss


def test_the_traced_gradient_gives_the_loss_and_the_watched_gradients(runner, args):
    closed, inputs = runner.trace_gradient(list(PARAMS.values()), args)
    values = jax.core.eval_jaxpr(closed.jaxpr, closed.consts, *inputs)
    expected = runner.compute_written(list(PARAMS.values()), args)
    assert len(values) == 3 and float(values[0]) == expected.loss
    np.testing.assert_array_equal(values[2], expected.leaves[2])


def test_arrays_and_arguments_are_widened_and_integers_and_keys_stay():
    assert widen_array(jnp.ones(2, jnp.bfloat16)).dtype == np.float64
    key = jax.random.key(0)
    wide = widen_args(partition((X, jnp.int32(2), key)))
    assert wide.learning[0].dtype == np.float64
    assert wide.fixed[0].dtype == np.int32 and wide.fixed[1] is key
