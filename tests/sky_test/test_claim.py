"""What may be claimed, and what never is."""

import pytest

from pgat_jax.sky_test.claim import is_candidate, write_answer, write_claim
from tests.sky_test.reports import make_result, make_simulated_report


@pytest.mark.parametrize(
    ("low", "rank_p", "expected"),
    [(0.1, 0.05, True), (0.1, 0.06, False), (-0.1, 0.01, False), (0.0, 0.01, False)],
)
def test_a_candidate_has_both_the_rank_and_the_gain(low, rank_p, expected):
    assert is_candidate(make_result(0.3, low, rank_p)) == expected


def test_no_gain_is_said_with_the_size_that_would_have_been_missed():
    claim = write_claim(make_simulated_report())
    assert claim == (
        "No gain from the sky was seen. A law may have been missed: in the mean one worth less "
        "than 0.15% of the CRPS (0.15 standard deviations of a day), in the volatility one worth "
        "less than 0.15% of the CRPS (15% of the volatility)."
    )


def test_without_enough_power_even_the_largest_law_may_have_been_missed():
    claim = write_claim(make_simulated_report(shares={0.06: 0.2, 0.1: 0.6}))
    assert "in the mean even one of 0.10 standard deviations of a day" in claim


def test_one_series_is_not_enough_to_say_that_the_sky_helps():
    claim = write_claim(make_simulated_report(0.4, 0.1, 0.01))
    assert "not yet a claim that the sky helps" in claim and "data.source=ibm" in claim


def test_the_claim_rests_on_the_network_where_it_was_trained():
    network = make_result(0.4, 0.1, 0.02)
    assert "stands out" in write_claim(make_simulated_report(network=network))
    weak = make_result(0.1, -0.1, 0.3)
    assert "No gain" in write_claim(make_simulated_report(0.4, 0.1, 0.01, network=weak))
    assert "this is the test" in write_answer(make_simulated_report(network=weak))[-1]


@pytest.mark.parametrize("gain", [-0.4, 0.4])
def test_nothing_says_that_the_sky_does_not_help(gain):
    report = make_simulated_report(gain, gain - 0.1, 0.01)
    text = " ".join(write_answer(report)).lower()
    assert "does not help" not in text and "no effect" not in text
    assert "rank" in text and "lunar phase" in text and "false rate" in text


def test_the_answer_gives_the_rank_the_gain_and_the_power():
    answer = write_answer(make_simulated_report())
    assert "rank 2 of 4 (p = 0.50)" in answer[1]
    assert "-0.20% of the CRPS over no sky (95% interval -0.40 to +0.00)" in answer[2]
    assert (
        "of 0.06, 0.10, 0.15 standard deviations of a day; the test found 40%, 60%, 80%"
        in answer[3]
    )
    assert "of 6%, 10%, 15% of the volatility; the test found" in answer[4]
    assert "finds 80% from 6% for Moon, 6% for Mercury, 10% for Venus, 15% for Mars" in answer[4]
    assert answer[4].endswith("and at no size for Jupiter.")
