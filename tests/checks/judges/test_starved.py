"""`starved`: a gradient that the optimiser turns into no update."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.findings import Finding
from checks.judges.starved import STARVED, find_starved, is_starved
from checks.measure.chain import Chain
from checks.measure.movement import Standstill
from checks.program.leaves import partition
from tests.checks.judges.small_evidence import evidence, measured, view

PARAMS = {"a": jnp.ones(2), "b": jnp.ones(2)}
ALIVE = [view("data"), view("data", "data")]


def _find(optimizer, standstill, slopes=((3.0, 3.0), (1.0, np.nan))):
    chain = Chain(optimizer, partition(PARAMS))
    data = [measured([list(slope) for slope in slopes])]
    return find_starved(
        evidence(data, {0: ALIVE, 1: ALIVE}, chain=chain, standstills={1: standstill})
    )


@pytest.mark.parametrize(
    "together, alone, expected",
    [(0.0, 0.0, True), (0.0, 1.0, True), (1.0, 1001.0, True), (1.0, 1000.0, False)],
)
def test_starved_is_no_update_or_one_that_the_others_scale_down(together, alone, expected):
    assert is_starved(Standstill(9, together, alone)) is expected


def test_no_update_names_the_stage():
    frozen = optax.chain(optax.scale(1.0), optax.set_to_zero())
    found = _find(frozen, Standstill(9, 0.0, 0.0))
    text = "measured: root mean square gradient 7.1e-01, but no update in 9 steps"
    assert found == {1: [Finding("starved", text, ("optimiser stage set_to_zero",))]}


def test_a_proof_is_told_from_a_measurement():
    (finding,) = _find(optax.set_to_zero(), Standstill(0, 0.0, 0.0))[1]
    assert finding.evidence == (
        "measured: root mean square gradient 7.1e-01, but no update in any step: the optimiser's "
        "own program makes it zero (proved)"
    )


def test_an_update_that_another_leaf_scales_down_names_that_leaf():
    chain = optax.chain(optax.clip_by_global_norm(1e-9), optax.scale(-1.0))
    found = _find(chain, Standstill(9, 1e-9, 1e-5))
    text = (
        "measured: its update is 1.0e-09, and 1.0e-05 if the other leaves have no gradient: the "
        "gradient of a scales it down"
    )
    assert found == {1: [Finding("starved", text, ("optimiser stage clip_by_global_norm",))]}


def test_the_strongest_leaf_is_named_wherever_it_stands():
    chain = optax.chain(optax.clip_by_global_norm(1e-9), optax.scale(-1.0))
    (finding,) = _find(chain, Standstill(9, 1e-9, 1e-5), ((1.0, 1.0), (5.0, 5.0)))[1]
    assert "the gradient of b scales" in finding.evidence


def test_a_leaf_without_a_derivative_has_no_size():
    chain = Chain(optax.set_to_zero(), partition(PARAMS))
    data = [measured([None, [1.0, 1.0]], leaves=[np.ones(2), np.ones(2)])]
    found = find_starved(
        evidence(data, {1: ALIVE}, chain=chain, standstills={1: Standstill(9, 0.0, 0.0)})
    )
    assert found[1][0].evidence.startswith("measured: root mean square gradient 1.0e+00")


def test_a_leaf_without_a_derivative_scales_no_other_down():
    chain = Chain(
        optax.chain(optax.clip_by_global_norm(1e-9), optax.scale(-1.0)), partition(PARAMS)
    )
    data = [measured([None, [0.1, 0.1]], leaves=[np.ones(2), np.ones(2)])]
    standstills = {1: Standstill(9, 1e-9, 1e-5)}
    (finding,) = find_starved(evidence(data, {1: ALIVE}, chain=chain, standstills=standstills))[1]
    assert "the gradient of b scales" in finding.evidence


def test_rounding_does_not_starve():
    assert _find(optax.set_to_zero(), Standstill(9, 1e-9, 1e-9)) == {}


def test_starved_fails_as_a_leaf_alone():
    assert (STARVED.verdict, STARVED.find) == ("starved", find_starved)
    assert not STARVED.passes and STARVED.is_harmless_in_slices
