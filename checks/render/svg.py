"""Drawing as inline SVG: valid XML whatever the names are, light, dark and on paper."""

from xml.etree import ElementTree

from markupsafe import Markup

from checks.pages.treemap import Box

# One hue a family: proofs red, numbers violet, measured deaths orange, weak yellow, good green.
COLOURS = {
    "disconnected": "#b3261e",
    "blocked": "#d2483e",
    "non_finite": "#7b3fb5",
    "wrong": "#9c5fd0",
    "invariant": "#c2571a",
    "unvisited": "#a05a10",
    "stuck": "#a8480f",
    "waking": "#4c7d3f",
    "vanishing": "#8a6c10",
    "underflow": "#7a5f12",
    "starved": "#655617",
    "alive": "#2f7d50",
    "reachable": "#2f7d50",
}
_CONTROL = dict.fromkeys(range(32), "\N{REPLACEMENT CHARACTER}")
_LETTER = 6.2  # width of one at 11 px, on average


class Drawing:
    """A picture of the given size, filled element by element.

    Args:
        width: in units of the picture; it is scaled to the width of the page.
        height: likewise.
        label: what a screen reader says.
    """

    def __init__(self, width: float, height: float, label: str) -> None:
        box = f"0 0 {width:.0f} {max(height, 1):.0f}"
        self._root = ElementTree.Element("svg", {"viewBox": box, "role": "img"})
        self._root.set("aria-label", _clean(label))

    def rect(self, box: Box, kind: str, title: str = "", **attributes: str) -> None:
        """A rectangle; `kind` is its class in the page's style, `title` shows when pointed at."""
        sides = {name: f"{value:.1f}" for name, value in box._asdict().items()}
        self._add("rect", kind, title, sides | attributes)

    def path(self, way: str, kind: str, width: float, title: str = "") -> None:
        """A line of a width along an SVG path."""
        self._add("path", kind, title, {"d": way, "stroke-width": f"{width:.1f}"})

    def text(
        self, text: str, x: float, y: float, kind: str = "", title: str = "", anchor: str = "start"
    ) -> None:
        """One line of text, its base line at `y`."""
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        self._add("text", kind, title, place).text = _clean(text)

    def markup(self) -> Markup:
        """The picture, safe to stand in a page."""
        return Markup(ElementTree.tostring(self._root, encoding="unicode"))

    def _add(
        self, tag: str, kind: str, title: str, attributes: dict[str, str]
    ) -> ElementTree.Element:
        values = {"class": kind} if kind else {}
        element = ElementTree.SubElement(self._root, tag, values | attributes)
        if title:
            ElementTree.SubElement(element, "title").text = _clean(title)
        return element


def shortened(text: str, width: float, keep: str = "end") -> str:
    """The text, or as much of its end (or start) as fits in a width, and three dots."""
    room = int(width / _LETTER)
    if len(text) <= room:
        return text
    if room < 2:
        return ""
    return "…" + text[1 - room :] if keep == "end" else text[: room - 1] + "…"


def _clean(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return text.translate(_CONTROL)
