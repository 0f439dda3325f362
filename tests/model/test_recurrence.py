import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.model.recurrence import MEMORY, GatedRecurrence, linear_recurrence
from tests.model.conftest import assert_causal, bind, draw_parameters, normal

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_recurrence_equals_the_loop(steps):
    rng = np.random.default_rng(steps)
    decay, x = rng.uniform(size=(2, steps, 3)), rng.standard_normal((2, steps, 3))
    state, expected = np.zeros((2, 3)), []
    for t in range(steps):
        state = decay[:, t] * state + (1 - decay[:, t]) * x[:, t]
        expected.append(state)
    actual = jax.jit(linear_recurrence)(jnp.asarray(decay), jnp.asarray(x))
    np.testing.assert_allclose(actual, np.stack(expected, 1), atol=1e-13)


def test_the_recurrence_sees_no_later_day():
    x, module = normal(0, 2, 9, 3, 4), GatedRecurrence()
    params = draw_parameters(module, x)
    assert_causal(lambda x: module.apply(params, x), x)


def test_groups_do_not_read_each_other():
    x, module = normal(0, 1, 5, 3, 4), GatedRecurrence()
    params = draw_parameters(module, x)
    apply = bind(module, params)
    moved = apply(x.at[:, :, 1].add(1.0)) - apply(x)
    assert np.any(moved[:, :, 1]) and not np.any(moved[:, :, jnp.array([0, 2])])


def test_decays_start_spread_over_the_memories():
    bias = GatedRecurrence().init(jax.random.key(0), normal(0, 1, 2, 1, 4))["params"]["bias"]
    memories = 1 / (1 - jax.nn.sigmoid(bias[0, :4]))
    np.testing.assert_allclose(memories[jnp.array([0, -1])], MEMORY, rtol=1e-5)
    assert np.all(bias[0, 4:] == 0)
