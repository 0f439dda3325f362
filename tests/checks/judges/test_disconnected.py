"""`disconnected`: leaves by proof, slices by measurement."""

import jax.numpy as jnp
import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.disconnected import (
    DISCONNECTED,
    find_disconnected,
    prove_disconnected,
    select_disconnected,
)
from checks.proofs.proof import prove
from tests.checks.judges.small_evidence import POINTS, evidence, measured, traced, view

X = jnp.arange(3.0)
SETTLED = "what JAX settles before a program exists (a shape, a type, a tangent of type float0)"
PROVED = "proved: the loss does not depend on it; "


def test_a_proof_says_what_a_leaf_is_used_for_instead():
    def loss(p):
        thrown = jnp.sin(p["thrown"])
        del thrown
        loss = (p["w"] * X).sum()
        return loss, {"one": p["logged"].sum(), "two": p["logged"] * 2, "other": p["w"]}

    program = traced(loss, {"logged": X, "thrown": X, "unused": X, "w": X})
    found = prove_disconnected(prove(program))
    assert {leaf: finding.evidence for leaf, finding in found.items()} == {
        0: f"{PROVED}it reaches only the auxiliary output one, two",
        1: f"{PROVED}what is computed from it is thrown away, or leads only to {SETTLED}",
        2: f"{PROVED}never read by any equation: unused, or used only for {SETTLED}",
    }
    assert {finding.verdict for finding in found.values()} == {"disconnected"}
    places = [[where.split()[1] for where in found[leaf].where] for leaf in range(3)]
    assert places == [["reduce_sum", "mul"], ["sin"], []]
    assert all("test_disconnected.py" in where for where in found[0].where)


def test_a_place_is_named_once():
    def loss(p):
        used = [p["thrown"] * 2 for _ in range(2)]
        del used
        return p["w"].sum()

    (finding,) = prove_disconnected(prove(traced(loss, {"thrown": X, "w": X}))).values()
    assert len(finding.where) == 1


@pytest.mark.parametrize(
    "seen, is_zero, change, is_selected",
    [
        ("nowhere", True, 0.0, True),
        ("nowhere", False, 0.0, False),
        ("nowhere", True, 1e-300, False),
        ("nowhere", True, np.nan, False),
        ("params", True, 0.0, False),
    ],
)
def test_slices_without_any_influence_are_selected(seen, is_zero, change, is_selected):
    slices = view(seen, "data", is_zero=[is_zero, False], changes=[change, np.nan])
    whole, axis = select_disconnected([view("data"), slices])
    assert whole.tolist() == [False] and axis.tolist() == [is_selected, False]


@pytest.mark.parametrize(
    "seen, change, is_selected",
    [("nowhere", 0.0, False), ("nowhere", 1e-10, False), ("nowhere", 1e-9, True)],
)
def test_slices_of_an_invariant_leaf_are_invariant_too(seen, change, is_selected):
    views = [view(seen, changes=change), view("nowhere", "nowhere", changes=0.0)]
    assert [found.tolist() for found in select_disconnected(views)] == [[False], [is_selected] * 2]


def test_slices_are_found_beside_proofs():
    program = traced(lambda p: (p["w"] * X).sum(), {"v": X, "w": X})
    views = {1: [view("data"), view("data", "nowhere", "data", changes=[np.nan, 0.0, np.nan])]}
    found = find_disconnected(evidence([measured([None, np.ones(3)])], views, program=program))
    text = f"measured: exactly zero at {POINTS} points, and no change of it changes one bit of the"
    assert found[1] == [SliceFinding("disconnected", f"{text} loss", (), 0, (1,))]
    assert [type(finding) for finding in found[0]] == [Finding]


def test_disconnected_fails_in_leaves_and_slices():
    assert (DISCONNECTED.verdict, DISCONNECTED.find) == ("disconnected", find_disconnected)
    assert not DISCONNECTED.passes and not DISCONNECTED.is_harmless_in_slices
