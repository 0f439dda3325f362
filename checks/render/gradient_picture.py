"""A bar for the gradient of each leaf, logarithmic, in the order of the parameters."""

from collections.abc import Sequence

from markupsafe import Markup

from checks.pages.log_scale import LogScale
from checks.pages.svg import COLOURS, Drawing, shortened
from checks.pages.treemap import Box
from checks.verdicts import Leaf

MOST_BARS = 60
_WIDTH, _ROW, _NAMES, _BARS = 960.0, 14.0, 350.0, 520.0


def gradient_picture(leaves: Sequence[Leaf]) -> Markup:
    """The picture; of many leaves the `MOST_BARS` with the weakest gradients. Empty without any."""
    measured = [(leaf, leaf.gradient) for leaf in leaves if leaf.gradient is not None]
    if not measured:
        return Markup("")
    scale = LogScale(size for _, size in measured)
    shown = _weakest(measured)
    out = Drawing(_WIDTH, _ROW * len(shown), "Gradient of each leaf")
    for row, (leaf, size) in enumerate(shown):
        y, end = row * _ROW, _NAMES + 6 + _BARS * scale.share(size)
        box = Box(_NAMES + 5, y + 2, end - _NAMES - 5, 10)
        out.rect(box, "bar", fill=COLOURS[leaf.verdict])
        out.text(shortened(leaf.name, _NAMES), _NAMES, y + 11, "", leaf.name, anchor="end")
        out.text(f"{size:.1e}", end + 5, y + 11, "soft")
    return out.markup()


def _weakest(measured: list[tuple[Leaf, float]]) -> list[tuple[Leaf, float]]:
    order = sorted(range(len(measured)), key=lambda i: measured[i][1])
    return [measured[i] for i in sorted(order[:MOST_BARS])]
