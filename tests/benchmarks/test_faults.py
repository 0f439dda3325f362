"""The registry of faults: complete, and found; a sample here, all of them by benchmarks.faults."""

import json
from collections import Counter

import jax.numpy as jnp
import pytest

from benchmarks.faults.__main__ import main
from benchmarks.faults.benchmark import Score, score_faults
from benchmarks.faults.oracle import is_confirmed
from benchmarks.faults.registry import WITH_LINE, Example, Fault, load_faults, normal
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
    [record] = score.records
    assert (record["alarms"], record["twin"], record["is_confirmed"]) == ({}, {}, True)
    assert {leaf["verdict"] for leaf in record["leaves"].values()} == {FAULTS[name].verdict}
    assert {leaf["is_line_right"] for leaf in record["leaves"].values()} <= {None, True}


def unused_weight(faulty):
    """A program that is not faulty, whatever is asked for: `b` is unused in both."""
    params = {"a": normal(1, 3), "b": normal(2, 3)}
    return Example(lambda p, x: jnp.mean((p["a"] * x - 1) ** 2), params, (normal(3, 3),))


def used_weight(faulty):
    """The weight `b` is unused in the faulty program."""
    params = {"a": normal(1, 3), "b": normal(2, 3)}

    def loss(p, x):
        return jnp.mean((p["a"] * x + (0 if faulty else p["b"]) - 1) ** 2)

    return Example(loss, params, (normal(3, 3),))


def test_a_fault_that_its_twin_has_too_is_not_confirmed_and_not_counted():
    fault = Fault("disconnected", ("b",), unused_weight)
    assert not is_confirmed(fault)
    score = Score()
    score.add(fault, cures=False)
    assert (score.unconfirmed, score.confirmed) == (["test_faults.unused_weight"], 0)
    [record] = score.records
    assert (record["is_confirmed"], record["leaves"]) == (False, {})


def test_a_wrong_verdict_is_a_miss_and_an_unexpected_one_an_alarm():
    score = Score()
    score.add(Fault("disconnected", ("b",), used_weight), cures=False)
    assert (score.found["disconnected"], score.misses, score.alarms) == (1, [], [])
    other = Score()
    other.add(Fault("unvisited", ("b",), used_weight), cures=False)
    assert other.misses == ["test_faults.used_weight: b is disconnected, not unvisited"]
    [record] = other.records
    assert (record["verdict"], record["leaves"]["b"]["verdict"]) == ("unvisited", "disconnected")
    score.merge(other)
    assert score.expected == {"disconnected": 1, "unvisited": 1} and score.confirmed == 2
    table = score.table().splitlines()
    assert [line.split()[:3] for line in table[1:3]] == [
        ["disconnected", "1", "100%"],
        ["unvisited", "1", "0%"],
    ]


def test_the_summary_counts_reported_and_held_out_faults(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.faults.__main__.score_faults", lambda faults, say: Score())
    names = [name for name in FAULTS if "masked_out" in name]
    assert main(["masked_out"]) == 0
    summary = capsys.readouterr().out.splitlines()[-1]
    held_out = sum(FAULTS[name].held_out for name in names)
    assert f"{len(names)} faults" in summary and f"{held_out} not looked at" in summary


def test_json_prints_the_records_and_the_exit_status_stays(monkeypatch, capsys):
    score = Score(records=[{"name": "training.masked_out"}], misses=["v is alive, not starved"])
    monkeypatch.setattr("benchmarks.faults.__main__.score_faults", lambda faults, say: score)
    assert main(["masked_out", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == score.records


def test_json_is_refused_with_sound_models(capsys):
    with pytest.raises(SystemExit) as error:
        main(["--json", "--list"])
    assert error.value.code == 2 and "without --clean and --list" in capsys.readouterr().err


def test_a_name_that_no_fault_has_is_an_error(capsys):
    with pytest.raises(SystemExit) as error:
        main(["no_such_fault"])
    assert error.value.code == 2 and "no_such_fault" in capsys.readouterr().err


@pytest.mark.slow
def test_every_fourth_fault():
    score = score_faults(load_faults()[::4], cures=False)
    assert (score.unconfirmed, score.misses, score.alarms, score.wrong_lines) == ([], [], [], [])
    assert {verdict for verdict in ORDER if verdict not in PASSING} == set(score.expected)


@pytest.mark.nightly
def test_all_faults():
    score = score_faults(load_faults(), cures=False)  # those have a test of their own
    assert (score.unconfirmed, score.misses, score.alarms, score.wrong_lines) == ([], [], [], [])
