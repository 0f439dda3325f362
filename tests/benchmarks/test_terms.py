"""The composite losses: a sample here, all of them by the command `benchmarks.terms`."""

import jax
import pytest

from benchmarks.terms.__main__ import main
from benchmarks.terms.benchmark import TermScore
from benchmarks.terms.registry import CompositeLoss, load_losses

LOSSES = {loss.name: loss for loss in load_losses()}
SAMPLE = ["shapes.scanned", "objectives.contrast"]


def test_there_are_20_faulty_losses_or_more_each_with_its_truth():
    faulty = [loss for loss in LOSSES.values() if loss.state]
    assert len(LOSSES) == len(load_losses()) and len(faulty) >= 20
    assert [loss.name for loss in faulty if not (loss.lines() or loss.keys)] == []


@pytest.mark.parametrize("name", SAMPLE)
def test_a_faulty_term_is_found_and_its_twin_is_not_flagged(name):
    score = TermScore()
    score.add(LOSSES[name])
    assert (score.found, score.sound, score.misses, score.alarms) == (1, 1, [], [])


def test_a_miss_and_an_alarm_are_counted():
    score = TermScore()
    plain = LOSSES["objectives.load_balance"]
    score.add(CompositeLoss(lambda faulty: plain.make(not faulty), "dead", ("kl",)))
    assert score.found == 0 and "alive" in score.misses[0] and "dead" in score.alarms[0]
    assert "faulty terms found   0 of 1" in score.table()


@pytest.mark.slow
def test_all_of_them(capsys):
    with jax.numpy_rank_promotion("allow"):  # losses of optax promote ranks themselves
        assert main([]) == 0
    assert "sound losses flagged 0 of 30" in capsys.readouterr().out
