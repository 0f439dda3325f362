"""Computes squarified treemaps: rectangles of given areas in a box, as square as possible.

Source: Bruls, Huizing, van Wijk, "Squarified treemaps", 2000.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle.

    Attributes:
        x: left side.
        y: upper side.
        width: width, to the right.
        height: height, downwards.
    """

    x: float
    y: float
    width: float
    height: float

    def inside(self, border: float, top: float = 0.0) -> "Box":
        """Returns the box without a border on all sides and without a further strip at the top.

        Width and height of the result are at least 0.

        Args:
            border: width of the border.
            top: height of the strip.
        """
        width, height = self.width - 2 * border, self.height - 2 * border - top
        return Box(self.x + border, self.y + border + top, max(width, 0.0), max(height, 0.0))


def squarify(weights: Sequence[float], box: Box) -> list[Box]:
    """Divides a box into rectangles with areas in proportion to weights.

    Rows are filled along the shorter side, the largest weight first, as long as the worst ratio
    of sides in the row does not grow.

    Args:
        weights: positive numbers; none gives an empty list.
        box: the box to divide.

    Returns:
        A rectangle for each weight, in the order of the weights; together they fill the box.
    """
    total = sum(weights) or 1.0
    areas = [weight * box.width * box.height / total for weight in weights]
    order = sorted(range(len(areas)), key=lambda i: -areas[i])
    found = [Box(box.x, box.y, 0.0, 0.0)] * len(areas)
    row: list[int] = []
    for i in order:
        side = min(box.width, box.height)
        longer = [areas[j] for j in (*row, i)]
        if row and _worst_ratio(longer, side) > _worst_ratio(longer[:-1], side):
            box = _place_row(row, areas, box, found)
            row = []
        row.append(i)
    _place_row(row, areas, box, found)
    return found


def _worst_ratio(areas: Sequence[float], side: float) -> float:
    """Computes the largest ratio of sides when these areas share a row along a side."""
    total = sum(areas)
    if total <= 0 or side <= 0:
        return float("inf")
    return max(side**2 * max(areas) / total**2, total**2 / (side**2 * max(min(areas), 1e-300)))


def _place_row(row: Sequence[int], areas: Sequence[float], box: Box, found: list[Box]) -> Box:
    """Places a row along the shorter side into `found`, and returns the rest of the box."""
    total = sum(areas[i] for i in row)
    is_wide = box.width >= box.height
    side = box.height if is_wide else box.width
    depth = total / side if side > 0 else 0.0
    at = box.y if is_wide else box.x
    for i in row:
        length = areas[i] / depth if depth > 0 else 0.0
        found[i] = Box(box.x, at, depth, length) if is_wide else Box(at, box.y, length, depth)
        at += length
    if is_wide:
        return Box(box.x + depth, box.y, max(box.width - depth, 0.0), box.height)
    return Box(box.x, box.y + depth, box.width, max(box.height - depth, 0.0))
