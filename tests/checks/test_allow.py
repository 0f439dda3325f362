"""The allow-list."""

import pytest

from checks import Allow, Leaf, Slice
from checks.allow import allow_terms, apply_allow_list, read_allow_list
from checks.terms.term import Term

BLOCKED = Leaf("layers_0/v", (2,), "float32", "blocked", "")
ALIVE = Leaf("w", (2,), "float32", "alive", "")


def test_an_entry_marks_the_leaves_of_its_pattern_and_verdict_with_its_reason():
    marked, unused = apply_allow_list([BLOCKED, ALIVE], [("layers_*", "blocked", "by design")])
    assert marked[0].allowed == "by design" and marked[0].passes
    assert marked[1] is ALIVE and unused == []


@pytest.mark.parametrize(
    "entry", [("layers_*", "stuck", "r"), ("w", "blocked", "r"), ("layer", "blocked", "r")]
)
def test_an_entry_that_matches_no_failing_leaf_is_named(entry):
    marked, (sentence,) = apply_allow_list([BLOCKED, ALIVE], [entry])
    assert marked == [BLOCKED, ALIVE] and not marked[0].passes
    assert sentence == (
        f"the allow-list entry ({entry[0]}, {entry[1]}) matches no failing leaf: remove it"
    )


def test_an_entry_must_allow_all_failing_slices_of_a_passing_leaf():
    stuck, dead = (Slice(0, (i,), v, "") for i, v in enumerate(("stuck", "invariant")))
    harmless = Slice(0, (3,), "unvisited", "")
    entry = Allow("w", "stuck", "r")
    for slices, matches in (([stuck, harmless], True), ([stuck, dead], False), ([harmless], False)):
        leaf = Leaf("w", (4,), "float32", "alive", "", slices=slices)
        assert entry.matches(leaf) is matches


def test_the_first_matching_entry_gives_the_reason_and_none_is_unused():
    entries = [Allow("*", "blocked", "first"), Allow("layers_0/v", "blocked", "second")]
    (leaf,), unused = apply_allow_list([BLOCKED], entries)
    assert leaf.allowed == "first" and unused == []


@pytest.mark.parametrize(
    "verdict, reason, words",
    [
        ("alive", "why", "names a failing verdict: got 'alive' for 'w'; expected one of disconn"),
        ("gone", "why", "got 'gone'.*, starved, cancels, dead"),
        ("stuck", " ", "needs its reason in words: got none for 'w'"),
    ],
)
def test_an_entry_needs_a_failing_verdict_and_a_reason(verdict, reason, words):
    with pytest.raises(ValueError, match=words):
        Allow("w", verdict, reason)


def test_a_file_has_an_entry_a_line_and_comments(tmp_path):
    file = tmp_path / "allow.txt"
    file.write_text("# comment\n\n*/bias  invariant  softmax does not see it\n", encoding="utf-8")
    assert read_allow_list(file) == [Allow("*/bias", "invariant", "softmax does not see it")]


def test_a_bad_line_of_a_file_is_named(tmp_path):
    file = tmp_path / "allow.txt"
    file.write_text("# comment\nw stuck\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"allow\.txt:2: an entry is .*: got 'w stuck'"):
        read_allow_list(file)
    with pytest.raises(ValueError, match="a line `pattern verdict reason` for each leaf that may"):
        read_allow_list(tmp_path / "missing.txt")


def test_an_entry_about_terms_marks_terms_by_name_or_text_and_no_leaf():
    terms = [Term("kl", (), "kl = f(x)", 1, "dead", ""), Term("fit", (), "", 1, "alive", "")]
    for pattern in ("k*", "kl = f(*"):
        entry = (pattern, "dead", "on purpose")
        (kl, fit), unused = allow_terms(terms, [entry, ("w", "stuck", "r")])
        assert kl.allowed == "on purpose" and kl.passes and fit is terms[1] and unused == []
        assert apply_allow_list([ALIVE], [entry]) == ([ALIVE], [])


def test_an_entry_that_matches_no_failing_term_is_named():
    terms = [Term("kl", (), "", 1, "dead", "")]
    marked, (sentence,) = allow_terms(terms, [("kl", "cancels", "r")])
    assert marked == terms
    assert sentence == "the allow-list entry (kl, cancels) matches no failing term: remove it"
