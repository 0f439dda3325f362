"""Draws which terms of the loss the gradient of each subtree comes from."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from checks.render.svg import Drawing, shorten
from checks.render.treemap import Box
from checks.terms.term import Term

# Colours of the terms, in turn; white figures can be read on each.
COLOURS = ("#3b6ea5", "#a85a1c", "#4f7d3a", "#8a4f9e", "#8c6d1f", "#2f7f86", "#a3456b", "#5f6670")
# Number of subtrees that the picture shows: those with the largest gradients.
MOST_SUBTREES = 24
# Width of the picture, height of a row and of its bar, width of the names.
_WIDTH, _ROW, _BAR, _NAMES = 960.0, 24.0, 17.0, 260.0
# Width from which a part of a bar has room for the number of its term.
_ROOM = 16.0


class _Row(NamedTuple):
    """A bar: its name, and the size of each term in it."""

    name: str
    sizes: tuple[float, ...]


def term_picture(terms: Sequence[Term]) -> Markup:
    """Draws a bar for the loss and for each subtree, divided among the terms.

    Args:
        terms: the terms of a report.

    Returns:
        The picture as inline SVG: the sizes of the values of the terms, of their gradients, and of
        their gradients in each subtree; empty without terms.
    """
    if not terms:
        return Markup("")
    rows = _make_rows(terms)
    out = Drawing(_WIDTH, _ROW * len(rows), "The terms of the loss and of each gradient")
    for i, row in enumerate(rows):
        kind = "head" if i < 2 else ""
        name = shorten(row.name, _NAMES)
        out.text(name, _NAMES, _ROW * i + 14, kind, row.name, anchor="end")
        _draw_bar(out, row, terms, _ROW * i + (_ROW - _BAR) / 2)
    return out.markup()


def colour_of_term(position: int) -> str:
    """Returns the colour of a term.

    Args:
        position: its position among the terms of the report.
    """
    return COLOURS[position % len(COLOURS)]


def _make_rows(terms: Sequence[Term]) -> list[_Row]:
    totals = {
        name: sum(_clean(term.subtrees.get(name)) for term in terms)
        for name in dict.fromkeys(name for term in terms for name in term.subtrees)
    }
    largest = sorted(totals, key=lambda name: -totals[name])[:MOST_SUBTREES]
    return [
        _Row("value in the loss", tuple(_clean(term.value) for term in terms)),
        _Row("gradient", tuple(_clean(term.gradient) for term in terms)),
        *(
            _Row(name, tuple(_clean(term.subtrees.get(name)) for term in terms))
            for name in totals
            if name in largest
        ),
    ]


def _draw_bar(out: Drawing, row: _Row, terms: Sequence[Term], y: float) -> None:
    total, x, space = sum(row.sizes), _NAMES + 10, _WIDTH - _NAMES - 12
    if total <= 0:
        out.text("no gradient from any term", x, y + 12, "broken")
        return
    for i, (term, size) in enumerate(zip(terms, row.sizes)):
        width = space * size / total
        title = f"{i + 1} {term.name}: {size / total:.1%} ({size:.2e})"
        kind = "cell" if term.passes else "cell failing"
        out.rect(Box(x, y, width, _BAR), kind, title, fill=colour_of_term(i))
        if width >= _ROOM:
            out.text(str(i + 1), x + width / 2, y + 12.5, "on", title, anchor="middle")
        x += width


def _clean(size: float | None) -> float:
    """Returns the magnitude of a number, 0 for one that is not known or not finite."""
    return abs(size) if size is not None and abs(size) < float("inf") else 0.0
