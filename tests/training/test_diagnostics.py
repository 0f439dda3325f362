"""The diagnostics that the texts recommend say what they are meant to say."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config, load_data
from pgat_jax.model.statistics import NAMES, fusion_statistics, no_statistics
from pgat_jax.training.diagnostics import GATES, TRAIL, forced_gates, gradient_trail


@pytest.fixture(scope="module")
def tiny():
    config = load_config("tiny")
    data = load_data(config)
    model = build(config, data.columns)
    return model, model.init(jax.random.key(0)), data.batch("train", [0, 700])


def test_the_trail_has_every_station_that_the_model_has(tiny):
    _, params, _ = tiny
    trail = gradient_trail(params)
    assert list(trail) == list(TRAIL)
    query = params["fusion"]["query"]["kernel"]
    assert float(trail["query"]) == pytest.approx(np.linalg.norm(query), rel=1e-6)
    without = {k: v for k, v in params.items() if k != "gate"}
    assert set(TRAIL) - set(gradient_trail(without)) == {"gate"}


def test_forced_gates_are_the_losses_of_the_models_with_these_gates(tiny):
    model, params, batch = tiny
    losses = forced_gates(model, params, batch)
    assert list(losses) == list(GATES)
    assert losses["sigmoid"] == pytest.approx(float(model.loss(params, batch)[0]), rel=1e-6)
    assert len(set(losses.values())) == 3


def test_statistics_tell_a_saturated_gate_and_the_ratio_of_the_branches():
    enc, fused = jnp.ones((1, 2, 4)), 3 * jnp.ones((1, 2, 4))
    gate = jnp.stack([jnp.full((1, 4), 0.01), jnp.full((1, 4), 0.5)], 1)
    found = fusion_statistics(enc, fused, gate, jnp.ones((13, 4)), jnp.float32(math.log(13)))
    assert list(found) == list(NAMES) == list(no_statistics())
    assert float(found["gate_saturation"]) == 0.5
    assert float(found["branch_ratio"]) == pytest.approx(3 * math.sqrt((0.01**2 + 0.25) / 2))
    assert float(found["enc_spread"]) == float(found["body_spread"]) == 0


def test_no_gradient_passes_through_statistics():
    def all_of_them(x):
        return sum(fusion_statistics(x, x, x, x[0], x.sum()).values())

    gradient = jax.grad(all_of_them)(jax.random.normal(jax.random.key(0), (2, 3, 4)))
    assert not gradient.any()
