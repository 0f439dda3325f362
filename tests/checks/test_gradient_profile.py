"""The gradient profile as data."""

from checks import Passage, Profile


def make_passage(arriving, leaving):
    return Passage("m.py:1 mul", "", arriving, leaving, ())


def test_the_factor_is_the_share_that_passes_on():
    assert make_passage(4.0, 1.0).factor == 0.25
    assert make_passage(0.0, 0.0).factor == 1.0


def test_the_steepest_passages_come_worst_first():
    passages = tuple(make_passage(1.0, x) for x in (0.9, 0.1, 2.0, 0.5, 0.7, 0.8, 0.6))
    profile = Profile("w", passages, 0.1)
    assert [p.factor for p in profile.steepest()] == [0.1, 0.5, 0.6, 0.7, 0.8]
    assert profile.steepest(1) == [passages[1]]
