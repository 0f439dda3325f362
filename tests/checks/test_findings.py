"""Findings are values: compared by content, hashable, and never changed."""

from dataclasses import FrozenInstanceError

import pytest

from checks.findings import Finding, SliceFinding


def test_a_finding_names_no_place_unless_given():
    assert Finding("stuck", "why").where == ()
    assert Finding("stuck", "why", ("m.py:1 mul",)).where == ("m.py:1 mul",)


def test_equal_findings_are_one_in_a_set():
    assert len({Finding("stuck", "why"), Finding("stuck", "why"), Finding("alive", "why")}) == 2


def test_a_finding_about_slices_differs_from_one_about_the_leaf():
    part = SliceFinding("stuck", "why", (), 1, (0, 2))
    assert isinstance(part, Finding) and (part.axis, part.index) == (1, (0, 2))
    assert SliceFinding("stuck", "why") != Finding("stuck", "why")


@pytest.mark.parametrize("finding", [Finding("stuck", "why"), SliceFinding("stuck", "why")])
def test_findings_cannot_be_changed(finding):
    with pytest.raises(FrozenInstanceError):
        finding.verdict = "alive"
