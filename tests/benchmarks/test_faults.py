"""The registry of faults: complete, and found; a sample here, all of them by benchmarks.faults."""

from collections import Counter

import pytest

from benchmarks.faults.benchmark import Score, score_faults
from benchmarks.faults.registry import WITH_LINE, load_faults
from checks.verdicts import ORDER, PASSING

FAULTS = {fault.name: fault for fault in load_faults()}
SAMPLE = [
    "attention.both_lora_factors_zero",
    "embedding.padding_row_in_use",
    "generative.codebook_behind_straight_through",
    "implicit.solved_as_symmetric",
    "sequence.window_never_open",
    "training.masked_out",
]


def test_every_failing_verdict_has_four_faults_or_more():
    counts = Counter(fault.verdict for fault in FAULTS.values())
    assert {v: counts[v] for v in ORDER if v not in PASSING and counts[v] < 4} == {}


def test_names_are_unique_and_lines_are_marked():
    assert len(FAULTS) == len(load_faults())
    needing = [fault for fault in FAULTS.values() if fault.verdict in WITH_LINE]
    assert [fault.name for fault in needing if fault.line() is None] == []


def _score(names):
    score = Score()
    for name in names:
        score.add(FAULTS[name])
    return score


@pytest.mark.parametrize("name", SAMPLE)
def test_a_fault_is_confirmed_found_and_its_twin_passes(name):
    score = _score([name])
    assert (score.unconfirmed, score.misses, score.alarms, score.wrong_lines) == ([], [], [], [])
    assert sum(score.found.values()) == len(FAULTS[name].leaves)


@pytest.mark.slow
def test_all_faults():
    score = score_faults(load_faults(), cures=False)  # those have a test of their own
    assert (score.unconfirmed, score.misses, score.alarms, score.wrong_lines) == ([], [], [], [])
