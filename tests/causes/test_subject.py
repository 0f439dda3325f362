"""Faults imposed on the tiny model: the leaves that they take, and that nothing else changes."""

from fnmatch import fnmatchcase
from functools import cache

import jax
import numpy as np
import pytest

from checks import diagnose, reach
from checks.verdicts import PASSING
from pgat_jax import load_config
from pgat_jax.bench.flops import count_flops
from pgat_jax.causes.registry import all_faults, chosen
from pgat_jax.causes.subject import impose

DISCONNECTING = ["encoder_bypassed", "modules_uncalled", "petri_states_unused"]
HARMLESS = ["columns_off_by_five", "phases_after_scaling"]
APART = [
    ("calendar_from_float", "edge_bias_of_query", "single_token_attention", *HARMLESS),
    ("constant_columns", "edge_scale_squared"),
]
"""Faults in different parts of the model, so that one measurement shows what each takes."""


def faulty(names):
    return impose(load_config("tiny"), chosen(names))


def proved(names):
    subject = faulty(names)
    params = jax.eval_shape(subject.init, jax.random.key(0))
    return reach(subject.loss, params, subject.shapes(2))


@cache
def measured(*names):
    subject = faulty(names)
    params, more = subject.init(jax.random.key(0)), [(subject.batch([2000, 2800]),)]
    return diagnose(subject.loss, params, subject.batch([0, 1000]), batches=more, cures=False)


def predicted(report, names, alone=False):
    """Name of a leaf -> the verdict that faults are predicted to give it, or slices of it."""
    pairs = [p for f in chosen(names) for p in (f.takes if alone else (*f.takes, *f.joins))]
    return {leaf: v for pattern, v in pairs for leaf in report if fnmatchcase(leaf, pattern)}


def got(report):
    """Name of a leaf -> its verdict or, where it is alive, that of its dead slices."""
    verdicts = {leaf.name: (leaf, {s.verdict for s in leaf.slices}) for leaf in report.leaves}
    return {
        name: next(iter(slices)) if leaf.verdict in PASSING else leaf.verdict
        for name, (leaf, slices) in verdicts.items()
        if slices or leaf.verdict not in PASSING
    }


def program(subject):
    params = jax.eval_shape(subject.init, jax.random.key(0))
    return str(jax.make_jaxpr(subject.loss)(params, subject.shapes(2)))


@pytest.mark.parametrize("name", DISCONNECTING)
def test_a_disconnecting_fault_takes_what_it_is_predicted_to_and_nothing_else(name):
    report = proved([name])
    assert got(report) == predicted(report, [name]) != {}


def test_all_faults_together_are_traced_and_disconnect_the_same_leaves():
    report, names = proved(all_faults()), DISCONNECTING
    assert got(report) == predicted(report, names)


def test_nothing_of_a_fault_is_left_in_the_next_trace():
    before = program(faulty([]))
    assert program(faulty(all_faults())) != before
    assert program(faulty([])) == before


def test_without_faults_the_subject_has_the_products_of_the_model():
    subject = faulty([])
    params = jax.eval_shape(subject.init, jax.random.key(0))
    given = params, subject.shapes(2)
    assert count_flops(subject.loss, *given) == count_flops(subject.model.loss, *given) > 0


@pytest.mark.slow
def test_without_faults_the_subject_has_the_loss_of_the_model():
    subject = faulty([])
    params, batch = subject.init(jax.random.key(0)), subject.batch([0, 1000])
    own = subject.model.loss(params, batch)[0]
    np.testing.assert_allclose(jax.jit(subject.loss)(params, batch)[0], own, rtol=1e-6)


def test_every_fault_is_tried():
    assert sorted([*DISCONNECTING, *(name for names in APART for name in names)]) == [*all_faults()]


@pytest.mark.slow
@pytest.mark.parametrize("names", APART, ids=" ".join)
def test_faults_take_what_they_are_predicted_to_and_nothing_else(names):
    report = measured(*names)
    assert got(report) == predicted(report, names, alone=True)
    told = {name: predicted(report, [name], alone=True) for name in names}
    assert [name for name in names if not told[name]] == [n for n in names if n in HARMLESS]


@pytest.mark.slow
def test_with_the_node_states_thrown_away_the_whole_graph_is_stuck():
    names = ["edge_scale_squared", "petri_states_unused"]
    report = measured(*names)
    assert got(report) == predicted(report, names)
    stuck = [leaf for leaf in report.leaves if leaf.verdict == "stuck"]
    assert all("graph_attention/blocks/edge_scale" in leaf.evidence for leaf in stuck)
    assert all("graph_attention.py" in leaf.where[0] for leaf in stuck)


@pytest.mark.slow
def test_every_embedding_of_the_calendar_lives_in_one_row():
    report = measured(*APART[0])
    for name, leaf in report.items():
        if name.startswith(("embedding/encoder_calendar", "embedding/decoder_calendar")):
            assert [len(part.index) for part in leaf.slices] == [leaf.shape[0] - 1]
