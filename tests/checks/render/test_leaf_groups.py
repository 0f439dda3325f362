"""Groups of equal siblings, and cures in words."""

import pytest

from checks import Cure, Slice
from checks.render.leaf_groups import (
    cure_sentences,
    group_name,
    group_siblings,
    is_plain,
    star_numbers,
)
from checks.verdicts import Finding
from tests.checks.render.helpers import make_leaf

CURE = Cure("leaf", "set s to 1", "gradient", 0.0, 2.5, ("w", "v"), 3)


def test_siblings_differ_by_numbers_in_names_places_and_cures_alone():
    leaves = [
        make_leaf(f"l_{i}/w", "blocked", where=[f"m.py:7 stop in L_{i}"], cures=[CURE], tried=i + 1)
        for i in range(3)
    ]
    (group,) = group_siblings(leaves)
    assert group == leaves and group_name(group) == "l_{0-2}/w" and group_name(group[:1]) == "l_0/w"


@pytest.mark.parametrize(
    "names, expected",
    [
        (["layers/0/w1", "layers/1/w1"], "layers/{0,1}/w1"),
        (["l_2", "l_0", "l_3", "l_4", "l_10"], "l_{0,2-4,10}"),
        (["a0/b0", "a0/b1", "a1/b0", "a1/b1"], "a{0,1}/b{0,1}"),
        (["a0/b0", "a1/b1"], "a*/b*"),
    ],
)
def test_a_group_is_named_by_the_numbers_in_which_its_leaves_differ(names, expected):
    assert group_name([make_leaf(name) for name in names]) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": "stuck"},
        {"where": ["m.py:8 stop"]},
        {"slices": [Slice(0, (1,), "stuck", "")]},
        {"allowed": "reason"},
        {"cures": [CURE]},
    ],
)
def test_leaves_that_differ_otherwise_are_apart(changed):
    one = make_leaf("l_0/w", verdict="blocked", where=["m.py:7 stop"])
    two = make_leaf("l_1/w", **{"verdict": "blocked", "where": ["m.py:7 stop"], **changed})
    assert group_siblings([one, two]) == [[one], [two]]


def test_numbers_are_starred():
    assert star_numbers("layer_12/w3") == "layer_*/w*"


@pytest.mark.parametrize(
    "more, plain",
    [
        ({}, True),
        ({"verdict": "reachable"}, True),
        ({"verdict": "waking"}, False),
        ({"slices": [Slice(0, (1,), "unvisited", "")]}, False),
        ({"also": [Finding("waking", "")]}, False),
        ({"allowed": "reason"}, False),
    ],
)
def test_a_leaf_is_plain_if_there_is_nothing_more_to_say(more, plain):
    assert is_plain(make_leaf("w", **more)) is plain


def test_cures_are_sentences_with_both_numbers():
    (line,) = cure_sentences(make_leaf("w", "stuck", cures=[CURE], tried=4))
    assert line == (
        "cure: set s to 1: gradient 0.0e+00 -> 2.5e+00 after 3 steps (makes 2 leaves pass)"
    )


def test_leaves_without_cure_say_how_many_edits_were_tried():
    assert cure_sentences(make_leaf("w", "stuck")) == []
    assert cure_sentences(make_leaf("w", "stuck", tried=4)) == ["no cure: none of 4 edits helps"]
    assert "is known for it" in cure_sentences(make_leaf("w", "stuck", tried=0))[0]
