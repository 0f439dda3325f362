"""`blocked`, decided by proof, by measurement, or by a rule that returns zero."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks import reach
from checks.evidence import RuleErrors
from checks.findings import Finding, SliceFinding
from checks.judges.blocked import (
    BLOCKED,
    describe_zero_rule,
    find_blocked,
    is_zero_at_data,
    prove_blocked,
)
from checks.measure.survey import Survey
from checks.proofs.proof import prove
from tests.checks.judges.small_evidence import POINTS, evidence, measured, traced, view

X = jnp.arange(3.0)
MEASURED = f"measured: zero gradient at {POINTS} points, yet large changes of it change the loss"


def _rule(leaves, is_zero=True, place="m.py:1", rule="f"):
    return SimpleNamespace(leaves=leaves, is_zero=is_zero, place=place, rule=rule)


def test_a_proof_names_every_cut_and_every_place_once():
    def loss(p):
        once = lax.stop_gradient(p["v"]) * X
        return (once + lax.stop_gradient(jnp.round(p["v"])) + p["w"]).sum()

    found = prove_blocked(prove(traced(loss, {"v": X, "w": X})))
    assert list(found) == [0]
    text = "proved: the loss depends on it, but every path crosses stop_gradient, round, without a"
    assert found[0].verdict == "blocked" and found[0].evidence == f"{text} derivative"
    assert [where.split()[1] for where in found[0].where] == ["stop_gradient", "round"]
    assert all("test_blocked.py" in where for where in found[0].where)


def test_a_proof_gives_each_leaf_its_own_cuts():
    def loss(p):
        return (lax.stop_gradient(p["a"]) + jnp.floor(p["b"])).sum()

    found = prove_blocked(prove(traced(loss, {"a": X, "b": X})))
    assert "stop_gradient, without" in found[0].evidence
    assert "crosses floor, without" in found[1].evidence


@pytest.mark.parametrize(
    "seen, change, is_blocked",
    [
        ("branch", 1e-9, True),
        ("branch", 1e-10, False),
        ("nowhere", 1e-9, True),
        ("nowhere", 1e-10, False),
        ("nowhere", np.nan, False),
        ("data", 1.0, False),
        ("inputs", 1.0, False),
        ("params", 1.0, False),
        ("far", 1.0, False),
    ],
)
def test_measured_is_a_leaf_without_gradient_that_the_loss_notices(seen, change, is_blocked):
    program = traced(lambda p: (p["w"] * X).sum(), {"w": X})
    data = [measured([np.zeros(3)])]
    views = {0: [view(seen, changes=change), view(seen, seen, seen, changes=change)]}
    found = find_blocked(evidence(data, views, program=program))
    assert found == ({0: [Finding("blocked", MEASURED)]} if is_blocked else {})


def test_measured_names_the_cuts_on_the_paths_of_the_leaf():
    def loss(p):
        return (lax.stop_gradient(p["w"])[0] * p["w"][1] + p["v"]).sum()

    program = traced(loss, {"v": X, "w": X})
    data = [measured([np.ones(3), np.array([0.0, 1.0, 0.0])])]
    views = {1: [view("data"), view("nowhere", "data", "nowhere", changes=[1, np.nan, 0])]}
    ((part,),) = find_blocked(evidence(data, views, program=program)).values()
    assert isinstance(part, SliceFinding)
    assert (part.verdict, part.evidence, part.axis, part.index) == ("blocked", MEASURED, 0, (0,))
    assert [where.split()[1] for where in part.where] == ["stop_gradient"]


def test_a_rule_that_returns_zero_blocks_a_leaf_without_any_gradient():
    rules = RuleErrors((_rule(0b101), _rule(0b101, place="m.py:2"), _rule(0b001)))
    data = [measured([np.zeros(2), np.zeros(2), np.ones(2)])]
    found = find_blocked(evidence(data, rule_errors=rules))
    text = "measured: the rule of f returns exactly zero where its function changes"
    assert found == {0: [Finding("blocked", text, ("m.py:1", "m.py:2"))]}


def test_a_rule_that_returns_something_blocks_nothing():
    rules = RuleErrors((_rule(0b1, is_zero=False),))
    assert find_blocked(evidence([measured([np.zeros(2)])], rule_errors=rules)) == {}


def test_a_measured_leaf_and_its_rule_are_both_named():
    program = traced(lambda p: (p["w"] * X).sum(), {"w": X})
    data = [measured([np.zeros(3)])]
    views = {0: [view("nowhere", changes=1.0), view(*["nowhere"] * 3, changes=1.0)]}
    rules = RuleErrors((_rule(1),))
    (found,) = find_blocked(evidence(data, views, program=program, rule_errors=rules)).values()
    assert [finding.where for finding in found] == [(), ("m.py:1",)]


def test_zero_at_data_is_zero_at_every_batch():
    data = [measured([np.zeros(2), np.zeros(2), None]), measured([np.zeros(2), np.ones(2), None])]
    survey = Survey(data, [], [])
    assert [is_zero_at_data(survey, leaf) for leaf in range(3)] == [True, False, True]


def test_the_first_rule_is_described():
    errors = [_rule(1, rule="one"), _rule(1, rule="two")]
    text = "measured: the rule of one returns exactly zero where its function changes"
    assert describe_zero_rule(errors) == text


def test_blocked_fails_in_leaves_and_slices():
    assert (BLOCKED.verdict, BLOCKED.find) == ("blocked", find_blocked)
    assert not BLOCKED.passes and not BLOCKED.is_harmless_in_slices


def test_a_stop_that_softmax_makes_is_never_the_first_cut():
    def loss(p, x):
        return jnp.round(4 * jax.nn.softmax(x @ p["w"])).mean()

    leaf = reach(loss, {"w": jnp.ones((3, 2))}, jnp.ones((4, 3)))["w"]
    assert leaf.evidence.startswith("proved") and "crosses round, stop_gradient" in leaf.evidence
    assert [place.split()[1] for place in leaf.where] == ["round", "stop_gradient"]
