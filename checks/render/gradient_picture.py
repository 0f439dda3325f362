"""Draws a bar for the gradient of each leaf, on a logarithmic scale, in parameter order."""

from collections.abc import Sequence

from markupsafe import Markup

from checks.render.log_scale import LogScale
from checks.render.svg import VERDICT_COLOURS, Drawing, shorten
from checks.render.treemap import Box
from checks.verdicts import Leaf

# Number of leaves that the picture shows.
MOST_BARS = 60
# Height of a row, width of the column of names, width of the longest bar.
_WIDTH, _ROW, _NAMES, _BARS = 960.0, 14.0, 350.0, 520.0


def gradient_picture(leaves: Sequence[Leaf]) -> Markup:
    """Draws a bar for the gradient of each leaf, on a logarithmic scale, in parameter order.

    Args:
        leaves: the leaves of a report; the 60 (`MOST_BARS`) with the smallest gradients are shown.

    Returns:
        The picture as inline SVG, empty if no gradient was measured.
    """
    measured = [(leaf, leaf.gradient) for leaf in leaves if leaf.gradient is not None]
    if not measured:
        return Markup("")
    scale = LogScale(size for _, size in measured)
    shown = _find_weakest(measured)
    out = Drawing(_WIDTH, _ROW * len(shown), "Gradient of each leaf")
    for row, (leaf, size) in enumerate(shown):
        y, end = row * _ROW, _NAMES + 6 + _BARS * scale.share(size)
        box = Box(_NAMES + 5, y + 2, end - _NAMES - 5, 10)
        out.rect(box, "bar", fill=VERDICT_COLOURS[leaf.verdict])
        out.text(shorten(leaf.name, _NAMES), _NAMES, y + 11, "", leaf.name, anchor="end")
        out.text(f"{size:.1e}", end + 5, y + 11, "soft")
    return out.markup()


def _find_weakest(measured: list[tuple[Leaf, float]]) -> list[tuple[Leaf, float]]:
    order = sorted(range(len(measured)), key=lambda i: measured[i][1])
    return [measured[i] for i in sorted(order[:MOST_BARS])]
