"""`vanishing`: a gradient far below those of the other leaves."""

import numpy as np
import pytest

from checks.findings import Finding
from checks.judges.vanishing import VANISHING, find_vanishing
from tests.checks.judges.small_evidence import evidence, measured, view

ALIVE = [view("data"), view("data", "data")]


@pytest.mark.parametrize("scale", [1.0, 1e-8])
def test_vanishing_is_a_gradient_below_1e_8_of_the_others(scale):
    slopes = [np.full(2, scale * size) for size in (9e-9, 1.0, 1.0)]
    found = find_vanishing(evidence([measured(slopes)], dict.fromkeys(range(3), ALIVE)))
    text = (
        f"measured: root mean square gradient {9e-9 * scale:.1e}, 9.0e-09 of the upper tenth of "
        "the other leaves' (9.0e-09 when multiplied by the weight)"
    )
    assert found == {0: [Finding("vanishing", text)]}


def test_a_weak_gradient_of_a_large_weight_is_not_vanishing():
    slopes = [np.full(2, size) for size in (9e-9, 1.0, 1.0)]
    leaves = [np.full(2, size) for size in (2.0, 1.0, 1.0)]
    data = [measured(slopes, leaves=leaves)]
    assert find_vanishing(evidence(data, dict.fromkeys(range(3), ALIVE))) == {}


def test_only_leaves_with_a_gradient_are_compared():
    slopes = [np.full(2, size) for size in (9e-9, 1.0)]
    assert find_vanishing(evidence([measured(slopes)], {0: ALIVE, 1: [view("params")]})) == {}


def test_vanishing_fails_as_a_leaf_alone():
    assert (VANISHING.verdict, VANISHING.find) == ("vanishing", find_vanishing)
    assert not VANISHING.passes and VANISHING.is_harmless_in_slices
