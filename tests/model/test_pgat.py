"""The whole model: its face, its invariances, its size."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax import build, load_config
from pgat_jax.bench.flops import count_flops
from pgat_jax.model.build import batch_shapes
from pgat_jax.model.statistics import NAMES
from pgat_jax.names import BODIES
from pgat_jax.training.packing import GROUPS
from tests.model.conftest import float64


def test_outputs_have_the_documented_shapes(tiny):
    outputs = tiny.model.apply(tiny.params, tiny.batch)
    assert outputs.point.shape == tiny.batch.target.shape == (4, 3, 4)
    assert set(outputs.statistics) == set(NAMES)


def test_every_part_of_the_parameters_belongs_to_a_group(tiny):
    assert set(tiny.params) <= set(GROUPS)


def test_without_a_key_apply_repeats_itself_and_with_one_it_drops(tiny):
    still = tiny.model.apply(tiny.params, tiny.batch).point
    assert np.array_equal(still, tiny.model.apply(tiny.params, tiny.batch).point)
    moved = [tiny.model.loss(tiny.params, tiny.batch, jax.random.key(k))[0] for k in (0, 0, 1)]
    assert moved[0] == moved[1] != moved[2]


def test_a_window_is_forecast_alike_in_any_company_and_order(tiny, x64):
    params, batch = float64(tiny.params), float64(tiny.batch)
    together = tiny.model.apply(params, batch).point
    order = np.array([2, 0, 3, 1])
    shuffled = tiny.model.apply(params, jax.tree.map(lambda x: x[order], batch)).point
    np.testing.assert_allclose(shuffled, together[order], atol=1e-12)
    alone = tiny.model.apply(params, jax.tree.map(lambda x: x[:1], batch)).point
    np.testing.assert_allclose(alone, together[:1], atol=1e-12)


def test_remat_changes_memory_and_not_the_gradient(tiny):
    spare = build(load_config("tiny", "train.remat=true"), tiny.data.columns)
    a, b = (
        jax.jit(jax.grad(lambda p, m=m: m.loss(p, tiny.batch)[0]))(tiny.params)
        for m in (tiny.model, spare)
    )
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-3, atol=1e-5)


def test_bfloat16_is_the_activations_type_and_outputs_stay_close(tiny):
    half = build(load_config("tiny", "train.precision=bfloat16"), tiny.data.columns)
    outputs = half.apply(tiny.params, tiny.batch)
    assert outputs.point.dtype == jnp.float32
    np.testing.assert_allclose(
        outputs.point, tiny.model.apply(tiny.params, tiny.batch).point, atol=0.1
    )
    jaxpr = str(jax.make_jaxpr(half.apply)(tiny.params, tiny.batch))
    assert "bf16" in jaxpr


@pytest.mark.parametrize(("gate", "value"), [("open", 1.0), ("0.25", 0.25), ("sigmoid", 0.5)])
def test_gate_modes_set_the_gate(tiny, gate, value):
    model = build(load_config("tiny", f"model.gate={gate}"), tiny.data.columns)
    params = {k: v for k, v in tiny.params.items() if k != "gate" or gate == "sigmoid"}
    mean = model.apply(params, tiny.batch).statistics["gate_mean"]
    assert abs(float(mean) - value) < (0.02 if gate == "sigmoid" else 1e-7)


def test_what_is_switched_off_has_no_parameters(tiny):
    model = build(load_config("tiny", "model.gate=closed"), tiny.data.columns)
    names = set(jax.eval_shape(model.init, jax.random.key(0)))
    assert names == set(tiny.params) - {"fusion", "gate"}


def full(name="recovery", *overrides):
    config = load_config(name, *overrides)
    model = build(config)
    return config, model, jax.eval_shape(model.init, jax.random.key(0))


def test_recovery_keeps_the_facts_of_the_original():
    config, model, _ = full()
    m, d = config.model, config.data
    assert (len(model.columns.names), d.seq_len, d.label_len, d.pred_len) == (118, 250, 125, 10)
    assert (m.d_model, m.n_heads, m.e_layers, m.d_layers, m.d_ff) == (416, 8, 8, 4, 1024)


def test_recovery_forward_stays_within_its_budget():
    config, model, params = full()
    flops = count_flops(model.apply, params, batch_shapes(config, model.columns, 1))
    assert flops <= 20e9


def test_no_array_of_recovery_is_wider_than_pairs_of_bodies_or_body_features():
    config, model, params = full()
    m, d, batch = config.model, config.data, 2
    jaxpr = jax.make_jaxpr(model.apply)(params, batch_shapes(config, model.columns, batch))
    steps = batch * d.seq_len
    limit = steps * len(BODIES) * max(2 * len(BODIES) * m.channels, m.d_model)
    sizes = {v.aval.str_short(): math.prod(v.aval.shape) for v in outputs_of(jaxpr.jaxpr)}
    assert {k: v for k, v in sizes.items() if v > limit} == {}


def test_the_program_does_not_grow_with_the_layers():
    lengths = []
    for layers in (2, 7):
        config, model, params = full("tiny", f"model.e_layers={layers}", f"model.d_layers={layers}")
        batch = batch_shapes(config, model.columns, 2)
        jaxpr = jax.make_jaxpr(lambda p, b: model.loss(p, b)[0])(params, batch)  # noqa: B023
        lengths.append(sum(1 for _ in outputs_of(jaxpr.jaxpr)))
    assert lengths[0] == lengths[1]


def outputs_of(jaxpr):
    for eqn in jaxpr.eqns:
        yield from eqn.outvars
        for value in eqn.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from outputs_of(inner)


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
