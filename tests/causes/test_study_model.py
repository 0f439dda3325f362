"""Interventions on the tiny model: the leaves that faults take, and that nothing else changes."""

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from types import SimpleNamespace

import jax
import numpy as np
import optax
import pytest

from checks import diagnose, reach
from checks.verdicts import PASSING
from pgat_jax import load_config
from pgat_jax.bench.flops import count_flops
from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.edits import fill_leaf, scale_leaves
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.study_model import intervene
from pgat_jax.causes.wiring_faults import choose_wiring_faults, load_wiring_faults

DISCONNECTING = ["encoder_bypassed", "modules_uncalled", "petri_states_unused"]
HARMLESS = ["columns_off_by_five", "phases_after_scaling"]
# Faults in different parts of the model, so that one measurement shows what each takes.
APART = [
    ("calendar_from_float", "edge_bias_of_query", "single_token_attention", *HARMLESS),
    ("constant_columns", "edge_scale_squared"),
]


def build_faulty(names):
    return intervene(load_config("tiny"), choose_wiring_faults(names))


@cache
def prove(*names):
    model = build_faulty(names)
    params = jax.eval_shape(model.init, jax.random.key(0))
    return reach(model.loss, params, model.shapes(2))


@cache
def measure(*names):
    model = build_faulty(names)
    params, more = model.init(jax.random.key(0)), [(model.batch([2000, 2800]),)]
    return diagnose(model.loss, params, model.batch([0, 1000]), batches=more, cures=False)


def predict(report, names, alone=False):
    """Returns leaf -> the verdict that faults are predicted to give it, or slices of it."""
    faults = choose_wiring_faults(names)
    pairs = [p for f in faults for p in (f.takes if alone else (*f.takes, *f.joins))]
    return {leaf: v for pattern, v in pairs for leaf in report if fnmatchcase(leaf, pattern)}


def find_failures(report):
    """Returns leaf -> its verdict or, where it is alive, that of its dead slices."""
    verdicts = {leaf.name: (leaf, {s.verdict for s in leaf.slices}) for leaf in report.leaves}
    return {
        name: next(iter(slices)) if leaf.verdict in PASSING else leaf.verdict
        for name, (leaf, slices) in verdicts.items()
        if slices or leaf.verdict not in PASSING
    }


def trace(model):
    params = jax.eval_shape(model.init, jax.random.key(0))
    return str(jax.make_jaxpr(model.loss)(params, model.shapes(2)))


@pytest.mark.parametrize("name", DISCONNECTING)
def test_a_disconnecting_fault_takes_what_is_predicted_and_nothing_else(name):
    report = prove(name)
    assert find_failures(report) == predict(report, [name]) != {}


def test_all_faults_together_are_traced_and_disconnect_the_same_leaves():
    report = prove(*load_wiring_faults())
    assert find_failures(report) == predict(report, DISCONNECTING)


def test_nothing_of_a_fault_is_left_in_the_next_trace(sound_model):
    before = trace(sound_model)
    assert trace(build_faulty(load_wiring_faults())) != before
    assert trace(sound_model) == before


def test_without_faults_the_study_model_has_the_products_of_the_model(sound_model):
    params = jax.eval_shape(sound_model.init, jax.random.key(0))
    given = params, sound_model.shapes(2)
    flops = count_flops(sound_model.loss, *given)
    assert flops == count_flops(sound_model.model.loss, *given) > 0


def test_edits_of_parameters_act_on_the_initial_ones_in_their_order(sound_model, parameters):
    edits = [scale_leaves({"gate/mlp/out/bias": 2.0}), fill_leaf("gate/mlp/out/bias", 1.0)]
    both = [
        Intervention(f"edit {i}", "a claim", __name__, edit_params=e) for i, e in enumerate(edits)
    ]
    initial = SimpleNamespace(init=lambda key: parameters)
    for order, value in ((both, 1.0), (both[::-1], 2.0)):
        model = replace(sound_model, model=initial, interventions=tuple(order))
        np.testing.assert_array_equal(model.init(None)["gate"]["mlp"]["out"]["bias"], value)


def test_edits_of_the_optimiser_wrap_the_recipes(sound_model):
    stop = Intervention("stop", "a claim", __name__, edit_optimizer=lambda _: optax.set_to_zero())
    model = replace(sound_model, interventions=(stop,))
    assert model.optimizer(2).init({}) == optax.EmptyState()
    params = {"head": {"kernel": np.ones(2, np.float32)}}
    assert sound_model.optimizer(2).init(params) != optax.EmptyState()


def test_the_key_of_a_program_depends_on_what_is_traced(sound_model):
    causes, config = load_causes(), load_config("tiny")
    renamed = config.model_copy(update={"name": "other", "seed": 3})
    assert intervene(renamed, [causes["1.2"].impose]).program_key == sound_model.program_key
    assert intervene(config, [causes["2.4"].remedy]).program_key != sound_model.program_key
    bfloat16 = load_config("tiny", "train.precision=bfloat16")
    assert intervene(bfloat16).program_key != sound_model.program_key


def test_a_batch_is_the_windows_of_its_split_and_has_the_shapes(sound_model):
    batch, last = sound_model.batch([0, 5]), sound_model.batch([-1], "validation")
    shapes = jax.tree.map(lambda x: (x.shape, x.dtype), sound_model.shapes(2))
    assert jax.tree.map(lambda x: (x.shape, x.dtype), batch) == shapes
    own = sound_model.data.batch("validation", [len(sound_model.data.windows("validation")) - 1])
    np.testing.assert_array_equal(last.target, own.target)


@pytest.mark.slow
def test_without_faults_the_study_model_has_the_loss_of_the_model(sound_model):
    params, batch = sound_model.init(jax.random.key(0)), sound_model.batch([0, 1000])
    own = sound_model.model.loss(params, batch)[0]
    np.testing.assert_allclose(jax.jit(sound_model.loss)(params, batch)[0], own, rtol=1e-6)


def test_every_fault_is_tried():
    tried = [*DISCONNECTING, *(name for names in APART for name in names)]
    assert sorted(tried) == [*load_wiring_faults()]


@pytest.mark.slow
@pytest.mark.parametrize("names", APART, ids=" ".join)
def test_faults_take_what_is_predicted_and_nothing_else(names):
    report = measure(*names)
    assert find_failures(report) == predict(report, names, alone=True)
    by_name = {name: predict(report, [name], alone=True) for name in names}
    assert [n for n in names if not by_name[n]] == [n for n in names if n in HARMLESS]


@pytest.mark.slow
def test_with_the_node_states_unused_the_whole_graph_is_stuck():
    names = ["edge_scale_squared", "petri_states_unused"]
    report = measure(*names)
    assert find_failures(report) == predict(report, names)
    stuck = [leaf for leaf in report.leaves if leaf.verdict == "stuck"]
    assert all("graph_attention/blocks/edge_scale" in leaf.evidence for leaf in stuck)
    assert all("graph_attention.py" in leaf.where[0] for leaf in stuck)


@pytest.mark.slow
def test_every_embedding_of_the_calendar_is_alive_in_one_row():
    report = measure(*APART[0])
    for name, leaf in report.items():
        if name.startswith(("embedding/encoder_calendar", "embedding/decoder_calendar")):
            assert [len(part.index) for part in leaf.slices] == [leaf.shape[0] - 1]
