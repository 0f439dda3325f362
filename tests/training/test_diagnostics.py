"""The diagnostics of the celestial path measure what they are meant to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build
from pgat_jax.training.diagnostics import GATES, TRAIL, compare_gates, gradient_trail


def test_the_model_has_every_station_of_the_trail(plan):
    shapes = plan.param_shapes
    for path in TRAIL.values():
        node = shapes
        for part in path.split("/"):
            node = node[part]
        assert isinstance(node, jax.ShapeDtypeStruct)


def test_a_station_has_the_norm_of_its_gradient():
    gradients = {
        "fusion": {"query": {"kernel": jnp.array([[3.0], [4.0]])}, "key_kernel": jnp.zeros(2)},
        "nodes": {"embedding": jnp.array([-2.0])},
    }
    trail = gradient_trail(gradients)
    assert list(trail) == ["key", "query", "embedding"]  # inwards, without what is not there
    assert {k: float(v) for k, v in trail.items()} == {"key": 0, "query": 5, "embedding": 2}


@pytest.mark.slow
def test_gates_are_compared_by_the_losses_of_the_models_that_have_them(config, data):
    """On one block each way, which compiles in half the time."""
    sizes = config.model.model_copy(update={"e_layers": 1, "d_layers": 1})
    model = build(config.model_copy(update={"model": sizes}), data.columns)
    params, batch = model.init(jax.random.key(0)), data.batch("train", [0])
    losses = compare_gates(model, params, batch)
    assert list(losses) == list(GATES)
    assert losses["sigmoid"] == pytest.approx(float(model.loss(params, batch)[0]), rel=1e-6)
    assert len(set(losses.values())) == 3
    assert np.isfinite(list(losses.values())).all()
