"""The picture of the terms."""

from checks.render.term_picture import COLOURS, MOST_SUBTREES, colour_of_term, term_picture
from checks.terms.term import Term
from tests.checks.render.helpers import EVIL, MOST_ELEMENTS, elements, titles


def _term(name, state="alive", gradient=1.0, **subtrees):
    return Term(name, ("m.py:1",), "x", 1, state, "why", 2.0, gradient, 0.5, subtrees)


def test_a_bar_is_divided_among_the_terms():
    terms = [_term(EVIL, a=3.0, b=0.0), _term("two", "dead", 0.0, a=1.0, b=0.0)]
    markup = term_picture(terms)
    cells = elements(markup, "cell")
    widths = [float(cell.get("width")) for cell in cells]
    assert abs(widths[0] - widths[1]) < 0.2  # the values, which are equal
    assert widths[3] == 0.0 and abs(widths[4] - 3 * widths[5]) < 0.5
    assert [cell.get("fill") for cell in cells[:2]] == list(COLOURS[:2])
    assert sum("failing" in cell.get("class") for cell in cells) == 3
    assert any(title.startswith("2 two: 25.0%") for title in titles(markup))
    assert "no gradient from any term" in markup  # the row of b


def test_it_stays_small_and_empty_without_terms():
    names = [f"s{i}" for i in range(100)]
    terms = [_term(str(i), **{n: 1.0 + j for j, n in enumerate(names)}) for i in range(8)]
    markup = term_picture(terms)
    assert markup.count("<rect") == 8 * (2 + MOST_SUBTREES) < MOST_ELEMENTS
    assert ">s99<" in markup and ">s0<" not in markup
    assert term_picture([]) == ""


def test_numbers_that_are_not_finite_have_no_width():
    term = Term("t", (), "", 1, "non-finite", "", float("nan"), float("inf"), 0.0, {"a": 1.0})
    assert len(elements(term_picture([term]), "cell")) == 1


def test_colours_come_in_turn():
    assert colour_of_term(0) == colour_of_term(len(COLOURS)) == COLOURS[0]
