"""The strength of a gradient beside those of the other leaves."""

import numpy as np
import pytest

from checks.measure.strength import Strength, measure_strengths
from checks.measure.survey import Survey
from tests.checks.judges.small_evidence import measured


def _measure(*sizes, leaves=None, batches=1):
    slopes = [np.full(2, size) for size in sizes]
    values = [np.full(2, size) for size in leaves or [1.0] * len(sizes)]
    data = [measured([(k + 1) * g for g in slopes], leaves=values) for k in range(batches)]
    return measure_strengths(Survey(data, [], []), range(len(sizes)))


def test_a_share_is_that_of_the_upper_tenth_of_the_others():
    found = _measure(1.0, *range(2, 13))
    assert found[0] == Strength(1.0, pytest.approx(1 / 11), pytest.approx(1 / 11))


def test_an_effect_counts_the_weight_too():
    found = _measure(1.0, 2.0, leaves=[6.0, 4.0])
    assert found[0] == Strength(1.0, 0.5, 0.75) and found[1] == Strength(2.0, 2.0, 8 / 6)


def test_the_size_is_the_largest_of_the_batches():
    assert [one.size for one in _measure(1.0, 2.0, batches=3).values()] == [3.0, 6.0]


def test_a_leaf_alone_is_as_strong_as_its_peers():
    assert _measure(1e-30)[0] == Strength(1e-30, 1.0, 1.0)
    assert _measure(1.0, 0.0)[0].share == 1.0


@pytest.mark.parametrize("outlier, share", [(0.9e6, 1 / 0.9e6), (1.1e6, 1.0)])
def test_a_peer_far_above_all_others_is_left_out(outlier, share):
    found = _measure(1.0, 1.0, outlier)
    assert found[0].share == pytest.approx(share, rel=0.2)


def test_of_two_peers_far_above_the_rest_only_a_lonely_one_is_left_out():
    assert _measure(1.0, 1.0, 1e9, 1e9)[0].share < 1e-8
    assert _measure(1.0, 1.0, 1e9, 1e18)[0].share == 1.0


@pytest.mark.parametrize(
    "share, effect, is_weak",
    [(9e-9, 9e-9, True), (1e-8, 9e-9, False), (9e-9, 1e-8, False), (1.0, 1.0, False)],
)
def test_weak_is_below_1e_8_alone_and_times_the_weight(share, effect, is_weak):
    assert Strength(1.0, share, effect).is_weak is is_weak
