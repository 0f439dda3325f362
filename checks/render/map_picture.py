"""Draws the parameters as a treemap: areas are numbers of parameters, colours are verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from checks.render.leaf_groups import star_numbers
from checks.render.svg import VERDICT_COLOURS, Drawing, shorten
from checks.render.treemap import Box, squarify
from checks.verdicts import Leaf, verdict_counts, worst_first

_WIDTH, _HEIGHT, _HEAD = 960.0, 420.0, 15.0
# Smallest share of the map for a failing leaf (so that it can be seen) and for a passing one.
_FAILING, _PASSING = 8e-4, 2e-5
# A subtree with one verdict and less than this share is drawn as one cell.
_SMALL = 2e-3
# A subtree with more children than this is drawn with equal siblings as one cell.
_MOST_SIBLINGS = 40
# Letters of a frame's name are bold, so less text fits.
_BOLD = 0.9
# A shortened name with fewer letters says nothing, so it is left out.
_SHORTEST = 4

# Name parts that are left below a subtree, and the leaf that they lead to.
_Below = Sequence[tuple[list[str], Leaf]]


@dataclass(frozen=True)
class _MapSubtree:
    """A subtree of the parameter names; a single leaf has no children."""

    name: str
    leaves: tuple[Leaf, ...]
    children: "tuple[_MapSubtree, ...]"
    weight: float

    @property
    def is_uniform(self) -> bool:
        """Whether all leaves have one verdict, and all pass or all fail."""
        return len({(leaf.verdict, leaf.passes) for leaf in self.leaves}) == 1


def map_picture(leaves: Sequence[Leaf]) -> Markup:
    """Draws the parameters as a treemap: areas are numbers of parameters, colours are verdicts.

    Args:
        leaves: the leaves of a report; those without elements are left out.

    Returns:
        The picture as inline SVG, empty if there is no leaf with elements.
    """
    full = [leaf for leaf in leaves if leaf.size]
    if not full:
        return Markup("")
    total = sum(leaf.size for leaf in full)
    weights = {
        leaf.name: max(leaf.size / total, _PASSING if leaf.passes else _FAILING) for leaf in full
    }
    out = Drawing(_WIDTH, _HEIGHT, "Parameters by subtree and verdict")
    root = _build("", [(leaf.name.split("/"), leaf) for leaf in full], weights)
    _draw_children(out, root, Box(0, 0, _WIDTH, _HEIGHT), sum(weights.values()))
    return out.markup()


def _build(name: str, below: _Below, weights: Mapping[str, float]) -> _MapSubtree:
    groups: dict[str, list[tuple[list[str], Leaf]]] = {}
    for parts, leaf in below:
        if parts:
            groups.setdefault(parts[0], []).append((parts[1:], leaf))
    groups = _merge_siblings(groups) if len(groups) > _MOST_SIBLINGS else groups
    children = tuple(_build(part, group, weights) for part, group in groups.items())
    if len(children) == 1 and children[0].children:
        only = children[0]
        return _MapSubtree(
            f"{name}/{only.name}".lstrip("/"), only.leaves, only.children, only.weight
        )
    leaves = tuple(leaf for _, leaf in below)
    return _MapSubtree(name, leaves, children, sum(weights[leaf.name] for leaf in leaves))


def _merge_siblings(groups: Mapping[str, list]) -> dict[str, list]:
    """Merges subtrees that have the same verdict and names that differ only by a number."""
    merged: dict[str, list] = {}
    for part, below in groups.items():
        verdicts = {(leaf.verdict, leaf.passes) for _, leaf in below}
        starred = star_numbers(part)
        if len(verdicts) > 1 or starred == part:
            merged[part] = below
        else:
            key = f"{starred} ({verdicts.pop()[0]})"
            merged.setdefault(key, []).extend(([], leaf) for _, leaf in below)
    return merged


def _draw_children(out: Drawing, subtree: _MapSubtree, box: Box, total: float) -> None:
    boxes = squarify([child.weight for child in subtree.children], box)
    for child, own in zip(subtree.children, boxes):
        is_small = child.weight < _SMALL * total and child.is_uniform
        if not child.children or is_small:
            _draw_cell(out, child, own)
        else:
            _draw_frame(out, child, own, total)


def _draw_frame(out: Drawing, subtree: _MapSubtree, box: Box, total: float) -> None:
    """Draws a frame with its children, and its name at the top if there is enough space."""
    has_head = box.height > 3 * _HEAD and box.width > 40
    out.rect(box, "subtree", _describe(subtree))
    if has_head:
        text = shorten(subtree.name, (box.width - 8) * _BOLD, keep="start")
        out.text(text, box.x + 4, box.y + 11.5, "head")
    border = min(1.5, box.width / 8, box.height / 8)
    _draw_children(out, subtree, box.inside(border, _HEAD if has_head else 0.0), total)


def _draw_cell(out: Drawing, subtree: _MapSubtree, box: Box) -> None:
    worst = worst_first(subtree.leaves)[0]
    kind = "cell" if worst.passes else "cell failing"
    out.rect(box, kind, _describe(subtree), fill=VERDICT_COLOURS[worst.verdict])
    text = shorten(subtree.name, box.width - 6, keep="start")
    if box.height > 14 and (text == subtree.name or len(text) > _SHORTEST):
        out.text(text, box.x + 3, box.y + 11.5, "on")


def _describe(subtree: _MapSubtree) -> str:
    """Returns the title of a cell or frame: name, verdicts and number of parameters."""
    if len(subtree.leaves) == 1:
        leaf = subtree.leaves[0]
        return f"{leaf.name}: {leaf.verdict}, {leaf.size:,} parameters"
    counts = ", ".join(f"{n} {verdict}" for verdict, n in verdict_counts(subtree.leaves).items())
    size = sum(leaf.size for leaf in subtree.leaves)
    return f"{subtree.name}: {len(subtree.leaves)} leaves ({counts}), {size:,} parameters"
