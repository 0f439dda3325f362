"""What a judge is unless it says otherwise."""

from checks.judges.judge import Judge


def test_a_verdict_fails_in_leaves_and_slices_unless_it_says_otherwise():
    judge = Judge("name", lambda evidence: {}, "#000000")
    assert judge.verdict == "name" and judge.find(None) == {}
    assert judge.passes is False and judge.is_harmless_in_slices is False
