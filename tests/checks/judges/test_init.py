"""The order of the judges, and the findings of all of them."""

from pathlib import Path

import numpy as np
import pytest

import checks.judges
from checks.findings import Finding
from checks.judges import JUDGES, collect_findings
from checks.judges.judge import Judge
from tests.checks.judges.small_evidence import evidence, measured


def test_proofs_come_before_measurements_and_causes_before_symptoms():
    assert [judge.verdict for judge in JUDGES] == [
        "disconnected",
        "blocked",
        "non_finite",
        "wrong",
        "invariant",
        "unvisited",
        "stuck",
        "waking",
        "vanishing",
        "underflow",
        "starved",
        "alive",
    ]


@pytest.mark.parametrize("judge", JUDGES, ids=[judge.verdict for judge in JUDGES])
def test_each_verdict_has_a_file_of_its_name(judge):
    assert judge.find.__module__ == f"checks.judges.{judge.verdict}"
    assert (Path(checks.judges.__file__).parent / f"{judge.verdict}.py").exists()


def test_findings_are_collected_by_leaf_in_the_order_of_the_judges(monkeypatch):
    first = Judge("one", lambda _: {1: [Finding("one", "a"), Finding("one", "b")]}, "red")
    second = Judge("two", lambda _: {1: [Finding("two", "c")], 0: [Finding("two", "d")]}, "red")
    monkeypatch.setattr(checks.judges, "JUDGES", (first, second))
    said = []
    found = collect_findings(evidence([measured([np.ones(2)] * 3)]), said.append)
    assert [[finding.evidence for finding in own] for own in found] == [["d"], ["a", "b", "c"], []]
    assert said == ["judging: one", "judging: two"]
