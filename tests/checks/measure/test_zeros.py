"""Elements of a gradient that are zero for every input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.measure.zeros import find_possible
from tests.checks.measure.compiled import X, compiled


def _possible(loss, params, *args):
    runner, proof, sampler = compiled(loss, params, *args)
    found = find_possible(runner, sampler.keep_parameters(proof.program.args))
    return {proof.program.params.names[i]: mask.tolist() for i, mask in found.items()}


def test_a_zero_factor_that_no_input_changes_is_proved():
    def loss(p, x):
        return (p["s"] ** 2 * p["b"] * jnp.tanh(x) + p["w"] * x).sum()

    params = {"s": jnp.zeros(()), "b": X, "w": X}
    assert _possible(loss, params, X) == {"s": False, "b": [False] * 3, "w": [True] * 3}


def test_zeros_of_the_data_and_units_that_they_shut_prove_nothing():
    loss = lambda p, x: (jax.nn.relu(p["b"] - 9) * x).sum()  # noqa: E731
    assert _possible(loss, {"b": X}, 0 * X) == {"b": [True] * 3}


def test_single_rows_and_columns_are_proved():
    loss = lambda p, x: (jnp.tanh(x @ p["up"]) @ p["down"]).sum()  # noqa: E731
    down = jnp.ones((3, 2)).at[1].set(0.0)
    found = _possible(loss, {"up": jnp.ones((2, 3)), "down": down}, jnp.ones((5, 2)))
    assert np.array(found["up"]).all(axis=0).tolist() == [True, False, True]


def _scanned(p, x):
    return lax.scan(lambda c, w: (c + jnp.tanh(w * x) * p["s"], None), 0.0 * x, p["w"])[0].sum()


def _branched(p, x):
    return lax.cond(x[0] > 0, lambda: p["s"] * p["w"], lambda: 2 * p["s"] * p["w"]).sum() * x.sum()


def _gathered(p, x):
    return (p["s"] * p["w"][x.astype(int)]).sum()


@pytest.mark.parametrize("loss", [_scanned, _branched, _gathered])
@pytest.mark.parametrize("is_zero", [True, False])
def test_loops_branches_and_indices_are_followed(loss, is_zero):
    scale = jnp.zeros(()) if is_zero else jnp.ones(())
    found = _possible(loss, {"s": scale, "w": X}, X)
    assert found["w"] == [not is_zero] * 3 and np.all(found["s"])
