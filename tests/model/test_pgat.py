"""The six stages together: which parts exist, invariances, size."""

import math

import jax
import numpy as np
import pytest

from pgat_jax import build, load_config
from pgat_jax.bench.flops import count_flops
from pgat_jax.data.batch import batch_shapes
from pgat_jax.names import BODIES
from pgat_jax.training.packing import GROUPS
from tests.model.conftest import normal

PARTS = {
    "phase",
    "embedding",
    "nodes",
    "fusion",
    "gate",
    "petri",
    "graph_attention",
    "decoder",
    "dual_stream",
    "head",
}


def full(name="recovery", *overrides):
    config = load_config(name, *overrides)
    model = build(config)
    return config, model, jax.eval_shape(model.init, jax.random.key(0))


@pytest.mark.parametrize(
    ("overrides", "parts"),
    [
        ((), PARTS),
        (("model.gate=closed",), PARTS - {"fusion", "gate"}),
        (("model.gate=0.25",), PARTS - {"gate"}),
        (("model.bypass_spatiotemporal_with_petri=false",), PARTS | {"spatiotemporal"}),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, tuple) else "",
)
def test_what_is_switched_off_has_no_parameters(overrides, parts):
    assert set(full("tiny", *overrides)[2]) == parts


def test_every_part_of_the_parameters_belongs_to_a_group():
    assert PARTS | {"spatiotemporal"} <= set(GROUPS)


def test_a_window_is_forecast_alike_in_any_company_and_order(tiny64, x64):
    together, *_ = tiny64.run(tiny64.params, tiny64.batch)
    order = np.array([2, 0, 3, 1])
    shuffled, *_ = tiny64.run(tiny64.params, jax.tree.map(lambda x: x[order], tiny64.batch))
    np.testing.assert_allclose(shuffled, together[order], atol=1e-12)
    alone = jax.tree.map(lambda x: x[np.zeros(4, int)], tiny64.batch)
    np.testing.assert_allclose(tiny64.run(tiny64.params, alone)[0][3], together[0], atol=1e-12)


@pytest.mark.slow
def test_remat_changes_memory_and_not_the_gradient(tiny):
    spare = build(load_config("tiny", "train.remat=true"), tiny.data.columns)
    a, b = (
        jax.jit(jax.grad(lambda p, m=m: m.loss(p, tiny.batch)[0]))(tiny.params)
        for m in (tiny.model, spare)
    )
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-3, atol=1e-5)


def test_remat_reaches_every_stack_of_blocks():
    encoder = "model.bypass_spatiotemporal_with_petri=false"
    policies = []
    for remat in ("false", "true"):
        config, model, params = full("tiny", encoder, f"train.remat={remat}")
        jaxpr = jax.make_jaxpr(model.apply)(params, batch_shapes(config, model.columns, 2))
        policies.append([str(eqn.params["policy"]) for eqn in remat_equations(jaxpr.jaxpr)])
    kept = [["nothing_saveable" in policy for policy in each] for each in policies]
    assert sorted(kept[0]) == [False] * 4 and sorted(kept[1]) == [False] + [True] * 3


@pytest.mark.parametrize(("gate", "value"), [("open", 1.0), ("0.25", 0.25), ("sigmoid", 0.5)])
def test_gate_modes_set_the_gate(tiny, gate, value):
    model = build(load_config("tiny", f"model.gate={gate}"), tiny.data.columns)
    params = {k: v for k, v in tiny.params.items() if k != "gate" or gate == "sigmoid"}
    enc, embedding = normal(0, 2, 5, 52), tiny.params["nodes"]["embedding"]
    enhanced, statistics = jax.jit(lambda p: model.module.apply(p, enc, embedding, method="fuse"))(
        {"params": params}
    )
    assert enhanced.shape == enc.shape and not np.array_equal(enhanced, enc)
    mean = float(statistics["gate_mean"])
    assert abs(mean - value) < (0.02 if gate == "sigmoid" else 1e-7)


def test_a_closed_gate_passes_the_stream_on(tiny):
    model = build(load_config("tiny", "model.gate=closed"), tiny.data.columns)
    enc, embedding = normal(0, 2, 5, 52), tiny.params["nodes"]["embedding"]
    enhanced, statistics = model.module.apply({"params": {}}, enc, embedding, method="fuse")
    assert np.array_equal(enhanced, enc) and not any(map(float, statistics.values()))


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
    results = [v.aval for eqn in equations(jaxpr.jaxpr) for v in eqn.outvars]
    sizes = {aval.str_short(): math.prod(aval.shape) for aval in results}
    assert {k: v for k, v in sizes.items() if v > limit} == {}


def test_the_program_does_not_grow_with_the_layers():
    lengths = []
    for layers in (2, 7):
        config, model, params = full("tiny", f"model.e_layers={layers}", f"model.d_layers={layers}")
        batch = batch_shapes(config, model.columns, 2)
        jaxpr = jax.make_jaxpr(lambda p, b: model.loss(p, b)[0])(params, batch)  # noqa: B023
        lengths.append(sum(1 for _ in equations(jaxpr.jaxpr)))
    assert lengths[0] == lengths[1]


def remat_equations(jaxpr):
    return [eqn for eqn in equations(jaxpr) if "policy" in eqn.params]


def equations(jaxpr):
    for eqn in jaxpr.eqns:
        yield eqn
        for value in eqn.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from equations(inner)
