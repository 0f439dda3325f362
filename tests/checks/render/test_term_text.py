"""The terms as text."""

from checks.render.term_text import needs_attention, term_lines
from checks.terms.term import Term

ALIVE = Term("fit", ("m.py:1",), "fit = f()", 3, "alive", "why", 1.5, 2.0, 0.25)
DEAD = Term("kl", (), "", 1, "dead", "proved", 1.0, 0.0, 0.0, allowed="on purpose")


def test_a_row_has_what_there_is_to_say():
    assert term_lines([ALIVE, DEAD, Term("x", (), "", 1, "alive", "")]) == [
        ("fit\nfit = f()", "alive", "1.5", "25.0%", "3 summands"),
        ("kl", "dead", "1", "0.0%", "proved; allowed: on purpose"),
        ("x", "alive", "", "", ""),
    ]


def test_living_terms_need_no_attention():
    assert not needs_attention([ALIVE]) and not needs_attention([])
    assert needs_attention([ALIVE, DEAD])
