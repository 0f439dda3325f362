"""Draws pictures as inline SVG: valid XML for all names, in the colours of the page's style."""

from xml.etree import ElementTree

from markupsafe import Markup

from checks.judges import JUDGES
from checks.judges.alive import ALIVE
from checks.render.treemap import Box
from checks.verdicts import REACHABLE

# What a static proof does not refute has the colour of `alive`.
VERDICT_COLOURS = {judge.verdict: judge.colour for judge in JUDGES} | {REACHABLE: ALIVE.colour}
_CONTROL = dict.fromkeys(range(32), "\N{REPLACEMENT CHARACTER}")
# Average width of a letter at 11 px.
_LETTER = 6.2


class Drawing:
    """A picture to which shapes are added; the page scales it to its own width.

    Args:
        width: width in the picture's units.
        height: height in the picture's units.
        label: text for screen readers.
    """

    def __init__(self, width: float, height: float, label: str) -> None:
        box = f"0 0 {width:.0f} {max(height, 1):.0f}"
        self._root = ElementTree.Element("svg", {"viewBox": box, "role": "img"})
        self._root.set("aria-label", _clean(label))

    def rect(self, box: Box, kind: str, title: str = "", **attributes: str) -> None:
        """Adds a rectangle.

        Args:
            box: place and size.
            kind: CSS classes in the page's style, separated by spaces; none if empty.
            title: text that shows when the pointer is on it; none if empty.
            **attributes: further SVG attributes, such as `fill="#ff0000"`.
        """
        sides = {name: f"{value:.1f}" for name, value in box._asdict().items()}
        self._add("rect", kind, title, sides | attributes)

    def path(self, data: str, kind: str, width: float, title: str = "") -> None:
        """Adds a line.

        Args:
            data: commands of an SVG path, such as `M0 0H10`.
            kind: CSS classes in the page's style, separated by spaces; none if empty.
            width: width of the line.
            title: text that shows when the pointer is on it.
        """
        self._add("path", kind, title, {"d": data, "stroke-width": f"{width:.1f}"})

    def text(
        self, text: str, x: float, y: float, kind: str = "", title: str = "", anchor: str = "start"
    ) -> None:
        """Adds one line of text.

        Args:
            text: the text; control characters are replaced.
            x: place of its anchor.
            y: place of its base line.
            kind: CSS classes in the page's style, separated by spaces; none if empty.
            title: text that shows when the pointer is on it.
            anchor: the part of the text that is at `x`: `start`, `middle` or `end`.
        """
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        self._add("text", kind, title, place).text = _clean(text)

    def markup(self) -> Markup:
        """Returns the picture as markup that a page may include without escaping."""
        return Markup(ElementTree.tostring(self._root, encoding="unicode"))

    def _add(
        self, tag: str, kind: str, title: str, attributes: dict[str, str]
    ) -> ElementTree.Element:
        values = {"class": kind} if kind else {}
        element = ElementTree.SubElement(self._root, tag, values | attributes)
        if title:
            ElementTree.SubElement(element, "title").text = _clean(title)
        return element


def shorten(text: str, width: float, keep: str = "end") -> str:
    """Shortens a text to a width, with three dots for the part that is left out.

    Args:
        text: one line of text.
        width: width in a picture's units.
        keep: the part that stays: `end` for the last letters, `start` for the first ones.

    Returns:
        The text; empty where there is no space for two letters.
    """
    count = int(width / _LETTER)
    if len(text) <= count:
        return text
    if count < 2:
        return ""
    return "…" + text[1 - count :] if keep == "end" else text[: count - 1] + "…"


def _clean(text: str) -> str:
    """Replaces the control characters that XML cannot contain."""
    return text.translate(_CONTROL)
