"""The interface: what `Model` computes, with which types, and what an interceptor reaches."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config
from pgat_jax.data.batch import batch_shapes
from pgat_jax.model.build import apply_model
from pgat_jax.model.gate import Gate
from pgat_jax.model.statistics import NAMES


def test_outputs_have_the_documented_shapes(tiny):
    outputs = tiny.apply(tiny.params, tiny.batch)
    assert outputs.point.shape == tiny.batch.target.shape == (4, 3, 4)
    assert set(outputs.statistics) == set(NAMES)


def test_parameters_are_float32_and_follow_the_key(tiny):
    again = tiny.model.init(jax.random.key(0))
    assert {leaf.dtype.name for leaf in jax.tree.leaves(again)} == {"float32"}
    assert jax.tree.all(jax.tree.map(np.array_equal, again, tiny.params))
    other = tiny.model.init(jax.random.key(1))
    assert not np.array_equal(other["nodes"]["embedding"], again["nodes"]["embedding"])


def test_a_model_without_columns_takes_those_of_its_table(tiny):
    assert build(tiny.config) == build(tiny.config, tiny.data.columns) == tiny.model
    assert hash(build(tiny.config)) == hash(tiny.model)


def test_without_a_key_apply_repeats_itself_and_with_one_it_drops(tiny):
    still = tiny.apply(tiny.params, tiny.batch).point
    assert np.array_equal(still, tiny.apply(tiny.params, tiny.batch).point)
    loss = tiny.model.loss.lower(tiny.model, tiny.params, tiny.batch, jax.random.key(0)).compile()
    values = [loss(tiny.params, tiny.batch, jax.random.key(k)) for k in (0, 0, 1)]
    assert values[0][0] == values[1][0] != values[2][0]
    metrics = values[0][1]
    assert float(metrics["target_spread"]) == pytest.approx(
        float(np.std(tiny.batch.target)), rel=1e-5
    )
    assert set(metrics) == {"loss", "prediction_spread", "target_spread", *NAMES}
    assert metrics["loss"] == values[0][0]


def test_interceptors_act_on_every_call_of_apply_model(tiny):
    calls = []

    def count(next_function, args, kwargs, context):
        calls.append(type(context.module))
        return next_function(*args, **kwargs)

    def trace():
        return jax.eval_shape(partial(apply_model, tiny.model), tiny.params, tiny.batch)

    with nn.intercept_methods(count):
        shapes = trace()
        first = len(calls)
        trace()
    assert len(calls) == 2 * first and Gate in calls
    assert shapes.point.shape == tiny.batch.target.shape


def test_bfloat16_is_the_activations_type_and_outputs_stay_close(tiny):
    half = build(load_config("tiny", "train.precision=bfloat16"), tiny.data.columns)
    outputs = half.apply(tiny.params, tiny.batch)
    assert outputs.point.dtype == jnp.float32
    expected = tiny.apply(tiny.params, tiny.batch).point
    np.testing.assert_allclose(outputs.point, expected, atol=0.1)
    assert "bf16" in str(jax.make_jaxpr(half.apply)(tiny.params, tiny.batch))


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("loss.criterion=quantile", "model.gate=0.3"),
        (
            "loss.criterion=nll",
            "model.bypass_spatiotemporal_with_petri=false",
            "model.hierarchical_mapping=true",
        ),
    ],
    ids=lambda overrides: "-".join(overrides) or "mse",
)
def test_types_meet_by_casts_that_are_written_down(tiny, overrides):
    """In float32 alone: Flax's LayerNorm promotes other types by itself."""
    config = load_config("tiny", *overrides)
    model, batch = build(config, tiny.data.columns), batch_shapes(config, tiny.data.columns, 2)
    with jax.numpy_dtype_promotion("strict"):
        params = jax.eval_shape(model.init, jax.random.key(0))
        loss = partial(model.loss, rng=jax.random.key(0))
        jax.eval_shape(jax.value_and_grad(loss, has_aux=True), params, batch)
