"""The equations at which a gradient ends, and the sentence about them."""

import numpy as np
import pytest

from checks.findings import Finding, SliceFinding
from checks.judges.ends import add_ends, find_ends, find_zero_factors
from tests.checks.judges.small_evidence import Ends, evidence, measured

ZEROS = [np.zeros(2), np.ones(2), np.zeros(2), np.array([0.0, 1.0])]


def _completed(*ends, finding=None):
    finding = finding or Finding("stuck", "text", ("old",))
    data = [measured([np.ones(2)] * 4, leaves=ZEROS)]
    (found,) = add_ends(evidence(data, tapped=list(ends)), {0: [finding]})[0]
    return found


@pytest.mark.parametrize(
    "factor, size, is_end",
    [(0.0, 1.0, True), (9e-15, 1.0, True), (1e-14, 1.0, False), (1.0, 1.0, False), (0, 0, False)],
)
def test_a_gradient_ends_where_it_arrives_and_does_not_leave(factor, size, is_end):
    tapped = Ends(0, factor, size)
    assert find_ends([tapped, Ends(1, 0.0)], 0) == ([tapped] if is_end else [])


def test_zero_factors_are_what_the_zero_operands_are_computed_from():
    ends = Ends(0, 0.0, values=(0b001, 0b110, 0b1000), is_zero=(True, False, True))
    assert find_zero_factors(ends) == 0b1001
    assert find_zero_factors(Ends(0, 0.0, values=(1, 2), is_zero=(False, False))) == 0


def test_the_zero_leaves_among_the_factors_are_named_once_each():
    one = Ends(0, 0.0, name="mul", place="x", values=(0b1111, 0b100), is_zero=(True, False))
    two = Ends(0, 0.0, name="dot", place="y", values=(0b0101,), is_zero=(True,))
    found = _completed(one, two, Ends(0, 0.0, name="mul", place="x", is_zero=(False,), values=(2,)))
    text = "text; its gradient ends at mul, dot, where a factor is zero: a, c"
    assert found == Finding("stuck", text, ("x", "y"))


def test_a_zero_factor_that_is_no_leaf_has_no_name():
    found = _completed(Ends(0, 0.0, values=(0b10, 0), is_zero=(True, False)))
    assert found.evidence == "text; its gradient ends at mul, where a factor is zero"


def test_without_a_zero_factor_the_equation_is_flat():
    found = _completed(Ends(0, 0.0, name="max", values=(1,), is_zero=(False,)))
    assert found.evidence == "text; its gradient ends at max, which is flat there"


def test_nothing_is_added_without_an_end_or_to_slices():
    assert _completed(Ends(0, 1.0)) == Finding("stuck", "text", ("old",))
    part = SliceFinding("stuck", "text", (), 0, (1,))
    assert _completed(Ends(0, 0.0, is_zero=(True,), values=(1,)), finding=part) is part
