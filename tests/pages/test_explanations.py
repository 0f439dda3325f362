"""The terms that the page explains."""

import pytest

from pgat_jax.pages.explanations import TERMS, Explainer


def test_a_term_is_explained_where_it_first_appears_alone():
    explainer = Explainer()
    first = explainer.explain(["Losses in scaled units", "MSE", "CRPS"])
    assert list(first) == ["MSE", "CRPS", "scaled units"]
    assert first["CRPS"] == TERMS["CRPS"]
    assert list(explainer.explain(["CRPS", "log score"])) == ["log score"]


@pytest.mark.parametrize("text", ["a gateway", "pitfall", "crpss"])
def test_a_part_of_a_word_is_no_term(text):
    assert Explainer().explain([text]) == {}


@pytest.mark.parametrize("term", TERMS)
def test_an_explanation_is_one_short_sentence_or_two(term):
    assert TERMS[term].endswith(".") and len(TERMS[term]) < 200
