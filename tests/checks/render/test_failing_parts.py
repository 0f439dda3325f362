"""The failing verdict of a leaf, and its sentences."""

from checks import Slice
from checks.render.failing_parts import explain_failure, find_failing_verdict, format_title
from tests.checks.render.helpers import make_leaf

ROWS = [Slice(0, (1,), "unvisited", "no data"), Slice(1, (0, 2), "stuck", "zero factor")]


def test_the_verdict_is_the_leafs_or_that_of_a_failing_slice():
    assert find_failing_verdict(make_leaf("w", "blocked", slices=ROWS)) == "blocked"
    assert find_failing_verdict(make_leaf("w", slices=ROWS)) == "stuck"


def test_the_sentences_leave_out_harmless_slices():
    leaf = make_leaf("w", shape=(2, 3), slices=ROWS, where=["m.py:3 mul"], tried=4)
    assert explain_failure(leaf) == [
        "why of w",
        "2 of 3 slices along axis 1, the first at 0: stuck: zero factor",
        "at m.py:3 mul",
        "no cure: none of 4 edits helps",
    ]
    assert format_title(leaf) == "w [2x3]: stuck"
