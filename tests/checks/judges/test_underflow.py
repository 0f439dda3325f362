"""`underflow`: a gradient or an update that is lost in the precision of the training alone."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.findings import Finding
from checks.judges.disconnected import find_disconnected
from checks.judges.invariant import find_invariant
from checks.judges.underflow import UNDERFLOW, find_underflow
from checks.measure.movement import Standstill
from checks.measure.training import Training
from checks.measure.vanished import LostGradient, VanishedConstant
from tests.checks.judges.small_evidence import evidence, measured, view

ALIVE = [view("data"), view("data", "data")]


@pytest.mark.parametrize("written, is_lost", [(4.1, True), (3.9, False), (2.0, False)])
def test_a_gradient_whose_error_is_larger_than_itself_is_lost(written, is_lost):
    data = [measured([[2.0, 2.0]], written=[np.float32([written] * 2)])]
    found = find_underflow(evidence(data, {0: ALIVE}, standstills={}))
    text = "measured: the gradient as written is off by 1.0e+00 of its float64 size: lost in"
    assert found == ({0: [Finding("underflow", f"{text} rounding")]} if is_lost else {})


def test_only_leaves_with_a_gradient_are_compared():
    data = [measured([[2.0, 2.0]], written=[np.float32([9.0] * 2)])]
    assert find_underflow(evidence(data, {0: [view("params")]}, standstills={})) == {}


def test_a_leaf_that_moves_in_float64_alone_is_lost_below_half_an_ulp():
    leaf = np.asarray(jnp.full(2, 4.0, jnp.bfloat16))
    training = Training({0: [leaf]}, [], [None])
    data = [measured([[1.0, 1.0]])]
    standstills = {0: Standstill(41, 1e-5, 1e-3)}
    found = find_underflow(evidence(data, {0: ALIVE}, standstills=standstills, training=training))
    text = (
        "measured: in float64 the optimiser moves it by 1.0e-05 (root mean square), as written not "
        "in 41 steps; half an ulp of the weight is 1.6e-02"
    )
    assert found == {0: [Finding("underflow", text)]}


@pytest.mark.parametrize("standstill", [Standstill(41, 0.0, 0.0), Standstill(41, 1e-5, 1.1e-2)])
def test_what_the_optimiser_itself_does_not_move_is_not_underflow(standstill):
    data = [measured([[1.0, 1.0]])]
    assert find_underflow(evidence(data, {0: ALIVE}, standstills={0: standstill})) == {}


def test_a_lost_gradient_comes_before_a_lost_update():
    training = Training({0: [np.ones(2, np.float32)]}, [], [None])
    data = [measured([[2.0, 2.0]], written=[np.float32([9.0] * 2)])]
    standstills = {0: Standstill(41, 1e-5, 1e-5)}
    (found,) = find_underflow(
        evidence(data, {0: ALIVE}, standstills=standstills, training=training)
    ).values()
    assert ["lost in rounding" in finding.evidence for finding in found] == [True, False]


def test_underflow_fails_as_a_leaf_alone():
    assert (UNDERFLOW.verdict, UNDERFLOW.find) == ("underflow", find_underflow)
    assert not UNDERFLOW.passes and UNDERFLOW.is_harmless_in_slices


def test_a_leaf_behind_a_constant_that_vanishes_is_underflow_and_not_invariant():
    constant = VanishedConstant(2e-8, "float16", "m.py:3 mul", 1)
    views = {0: [view("nowhere", changes=0.0)]}
    lost = {0: LostGradient(4e-8, (constant, constant))}
    found = evidence([measured([[0.0]])], views, lost_gradients=lost, standstills={})
    text = (
        "measured: the constant 2e-08 is 0 in float16: the gradient is zero at all points, and "
        "4.0e-08 when the loss is traced in float64"
    )
    assert find_underflow(found) == {0: [Finding("underflow", text, ("m.py:3 mul",))]}
    assert find_invariant(found) == {} and find_disconnected(found) == {}
