"""`invariant`: no gradient anywhere, and the loss does not notice changes."""

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.blocked import find_blocked
from checks.judges.invariant import INVARIANT, find_invariant
from tests.checks.judges.small_evidence import POINTS, evidence, measured, view

END = f"and no more than noise at any of {POINTS} points; large changes of it do not change the"


@pytest.mark.parametrize(
    "seen, change, is_invariant",
    [
        ("nowhere", 0.0, True),
        ("nowhere", 1e-10, True),
        ("nowhere", 2e-10, False),
        ("nowhere", np.nan, False),
        ("branch", 0.0, False),
        ("params", 0.0, False),
        ("data", 0.0, False),
    ],
)
def test_invariant_is_a_leaf_that_the_loss_does_not_notice(seen, change, is_invariant):
    views = {0: [view(seen, changes=change), view(seen, seen, changes=change)]}
    found = find_invariant(evidence([measured([[0.0, 0.0]])], views))
    text = f"measured: largest |gradient| at the data 0.0e+00 in float64, {END} loss"
    assert found == ({0: [Finding("invariant", text)]} if is_invariant else {})


def test_rounding_noise_is_named_beside_the_largest_gradient():
    views = {0: [view("nowhere", is_zero=False, changes=0.0)]}
    (finding,) = find_invariant(evidence([measured([[1e-17, 0.0], [3.0, 0.0]])], views))[0]
    noise = "1.0e-17 in float64, rounding noise (the largest of any leaf is 3.0e+00)"
    assert finding.evidence == f"measured: largest |gradient| at the data {noise}, {END} loss"


def test_a_leaf_that_matters_by_its_sign_alone_is_invariant_and_not_blocked():
    views = {0: [view("nowhere", changes=0.5, is_inert=True)]}
    found = evidence([measured([[0.0]])], views)
    (finding,) = find_invariant(found)[0]
    assert finding.evidence.endswith(
        f"{END} loss unless they change its sign, as a scale that a normalisation cancels"
    )
    assert find_blocked(found) == {}


def test_slices_without_any_influence_are_disconnected_instead():
    slices = view("data", "nowhere", "nowhere", changes=[np.nan, 0.0, 1e-12])
    found = find_invariant(evidence([measured([[1.0, 0.0, 0.0]])], {0: [view("data"), slices]}))
    ((part,),) = found.values()
    assert isinstance(part, SliceFinding) and (part.axis, part.index) == (0, (2,))


def test_invariant_fails_in_leaves_and_slices():
    assert (INVARIANT.verdict, INVARIANT.find) == ("invariant", find_invariant)
    assert not INVARIANT.passes and not INVARIANT.is_harmless_in_slices
