"""A report as text."""

import pytest
from rich.cells import cell_len

from checks import Report, Slice
from checks.render.report_text import WIDTH, leaf_table, report_text, subtree_table, term_table
from checks.terms.term import Term
from checks.verdicts import Finding
from tests.checks.render.helpers import make_leaf


def test_the_text_fits_and_puts_equal_siblings_in_one_row():
    leaves = [make_leaf(f"layers_{i}/v", "blocked") for i in range(2)]
    text = report_text(Report((*leaves, make_leaf("head"))))
    assert text.startswith("diagnosis FAILS: 3 leaves: 2 blocked, 1 alive")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "layers_{0,1}/v (2 leaves)" in text.replace("\n", "")
    assert "head" not in text  # it passes without remarks


def test_the_table_is_worst_first():
    leaves = [make_leaf("late", "starved"), make_leaf("good", "waking")]
    text = report_text(Report((*leaves, make_leaf("early", "disconnected"))))
    assert text.index("early") < text.index("late") < text.index("good")


def test_long_and_foreign_names_and_hundreds_of_leaves_fit():
    names = [f"{'very_long_module_name/' * 6}層_{i}/κέρνελ[bold]" for i in range(400)]
    places = [f"model.py:7 stop_gradient in Model/層_{i}" for i in range(400)]
    alike = [make_leaf(n, "blocked", where=[p]) for n, p in zip(names, places)]
    apart = make_leaf("x" * 250, "disconnected")
    lines = report_text(Report((*alike, apart))).splitlines()
    assert max(map(cell_len, lines)) <= WIDTH and len(lines) < 60
    text = "".join(line.split("  ")[0].strip() for line in lines)
    assert "層_{0-399}/κέρνελ[bold] (400 leaves)" in text.replace(" ", "").replace(
        "(400l", " (400 l"
    )


def test_everything_that_is_known_of_a_leaf_is_in_its_row():
    leaf = make_leaf(
        "w",
        "stuck",
        where=[f"m.py:{i} mul" for i in range(5)],
        slices=[Slice(1, tuple(range(9)), "unvisited", "no row")],
        also=[Finding("vanishing", "weak")],
        tried=2,
        allowed="by design",
    )
    text = " ".join(leaf_table([leaf]).split())
    for words in (
        "w [2] stuck why of w",
        "at m.py:0 mul",
        "and 2 places more",
        "axis 1 at 0, 1, 2, 3, 4, 5, ... (9 in all): unvisited: no row",
        "also vanishing: weak",
        "no cure: none of 2 edits helps",
        "allowed: by design",
    ):
        assert words in text
    assert "m.py:3" not in text


def test_problems_notes_and_skipped_leaves_have_lines():
    text = report_text(Report((), {"n": "an int"}, ("the loss is NaN",), ("opaque",), static=True))
    assert text.splitlines() == [
        "static proof FAILS: 0 leaves: none; the report as a whole fails, for what ! says",
        "! the loss is NaN",
        "skipped n: an int",
        "note: opaque",
    ]


@pytest.mark.parametrize(
    "count, names",
    [(1, "slices of w0 fail"), (2, "slices of w0, w1 fail"), (4, "slices of 4 leaves")],
)
def test_the_first_line_says_what_fails_where_every_leaf_is_alive(count, names):
    parts = [Slice(0, (1,), "stuck", "no row")]
    leaves = tuple(make_leaf(f"w{i}", slices=parts) for i in range(count))
    first = report_text(Report((*leaves, make_leaf("b")))).splitlines()[0]
    assert first.startswith(f"diagnosis FAILS: {count + 1} leaves: {count + 1} alive; {names}")


def test_subtrees_have_their_numbers():
    leaves = (
        make_leaf("a[x]/x", shape=(3,), gradient=2.0, movement=0.1),
        make_leaf("a[x]/y", "stuck", shape=(1,), gradient=0.0, movement=0.3),
        make_leaf("b", "disconnected"),
    )
    text = subtree_table(Report(leaves))
    assert max(map(len, text.splitlines())) <= WIDTH
    row = next(line.split() for line in text.splitlines() if line.strip().startswith("a[x]"))
    assert row == ["a[x]", "4", "3.5e+00", "3.0e-01", "1", "stuck,", "1", "alive"]
    assert "a[x]/y" in subtree_table(Report(leaves), depth=2)


def test_terms_have_a_table_if_one_needs_attention():
    alive = Term("fit", ("m.py:1",), "fit = f(x[0])", 1, "alive", "", 1.5, 2.0, 0.25)
    dead = Term("kl", (), "", 1, "dead", "proved: none", 1.0, 0.0, 0.0)
    assert "fit" not in report_text(Report((make_leaf("w"),), terms=(alive,)))
    text = report_text(Report((make_leaf("w"),), terms=(alive, dead)))
    assert text.splitlines()[0].endswith("; 1 of 2 terms of the loss fail")
    rows = [line.split() for line in text.splitlines()]
    assert ["fit", "alive", "1.5", "25.0%"] in rows and ["fit", "=", "f(x[0])"] in rows
    assert ["kl", "dead", "1", "0.0%", "proved:", "none"] in rows
    assert max(map(len, term_table([alive, dead]).splitlines())) <= WIDTH
