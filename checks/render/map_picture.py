"""Parameters by subtree as a treemap: areas are numbers of parameters, colours are verdicts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from checks.pages.svg import COLOURS, Drawing, shortened
from checks.pages.treemap import Box, squarified
from checks.verdicts import Leaf, verdict_counts, worst_first

_WIDTH, _HEIGHT, _HEAD = 960.0, 420.0, 15.0
# Shares of the map: the least that a failing leaf gets, so that it can be seen; that a passing one
# gets; and below which a subtree of one verdict is drawn as one.
_FAILING, _PASSING, _SMALL = 8e-4, 2e-5, 2e-3
_MOST_SIBLINGS = 40
_BOLD = 0.9  # letters of a head are wider
_SHORTEST = 4  # letters of a name that still say something
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class _Tree:
    """A subtree: the parts of the names below it, or one leaf and nothing below."""

    name: str
    leaves: tuple[Leaf, ...]
    children: "tuple[_Tree, ...]"
    weight: float

    @property
    def is_uniform(self) -> bool:
        """Whether one colour says everything."""
        return len({(leaf.verdict, leaf.passes) for leaf in self.leaves}) == 1


def map_picture(leaves: Sequence[Leaf]) -> Markup:
    """The treemap of all leaves that have elements."""
    full = [leaf for leaf in leaves if leaf.size]
    if not full:
        return Markup("")
    total = sum(leaf.size for leaf in full)
    weights = {
        leaf.name: max(leaf.size / total, _PASSING if leaf.passes else _FAILING) for leaf in full
    }
    out = Drawing(_WIDTH, _HEIGHT, "Parameters by subtree and verdict")
    tree = _tree("", [(leaf.name.split("/"), leaf) for leaf in full], weights)
    _children(out, tree, Box(0, 0, _WIDTH, _HEIGHT), sum(weights.values()))
    return out.markup()


def _tree(
    name: str, below: Sequence[tuple[list[str], Leaf]], weights: Mapping[str, float]
) -> _Tree:
    groups: dict[str, list[tuple[list[str], Leaf]]] = {}
    for parts, leaf in below:
        if parts:
            groups.setdefault(parts[0], []).append((parts[1:], leaf))
    groups = _siblings(groups) if len(groups) > _MOST_SIBLINGS else groups
    children = tuple(_tree(part, group, weights) for part, group in groups.items())
    if len(children) == 1 and children[0].children:
        only = children[0]
        return _Tree(f"{name}/{only.name}".lstrip("/"), only.leaves, only.children, only.weight)
    leaves = tuple(leaf for _, leaf in below)
    return _Tree(name, leaves, children, sum(weights[leaf.name] for leaf in leaves))


def _siblings(groups: Mapping[str, list]) -> dict[str, list]:
    """Subtrees that differ by a number alone and have one and the same verdict, as one cell."""
    merged: dict[str, list] = {}
    for part, below in groups.items():
        verdicts = {(leaf.verdict, leaf.passes) for _, leaf in below}
        starred = _DIGITS.sub("*", part)
        if len(verdicts) > 1 or starred == part:
            merged[part] = below
        else:
            key = f"{starred} ({verdicts.pop()[0]})"
            merged.setdefault(key, []).extend(([], leaf) for _, leaf in below)
    return merged


def _children(out: Drawing, tree: _Tree, box: Box, total: float) -> None:
    boxes = squarified([child.weight for child in tree.children], box)
    for child, own in zip(tree.children, boxes):
        small = child.weight < _SMALL * total and child.is_uniform
        if not child.children or small:
            _cell(out, child, own)
        else:
            _subtree(out, child, own, total)


def _subtree(out: Drawing, tree: _Tree, box: Box, total: float) -> None:
    """A frame with the name at its top, where there is room for one."""
    has_head = box.height > 3 * _HEAD and box.width > 40
    out.rect(box, "subtree", _told(tree))
    if has_head:
        text = shortened(tree.name, (box.width - 8) * _BOLD, keep="start")
        out.text(text, box.x + 4, box.y + 11.5, "head")
    border = min(1.5, box.width / 8, box.height / 8)
    _children(out, tree, box.inside(border, _HEAD if has_head else 0.0), total)


def _cell(out: Drawing, tree: _Tree, box: Box) -> None:
    worst = worst_first(tree.leaves)[0]
    kind = "cell" if worst.passes else "cell failing"
    out.rect(box, kind, _told(tree), fill=COLOURS[worst.verdict])
    text = shortened(tree.name, box.width - 6, keep="start")
    if box.height > 14 and (text == tree.name or len(text) > _SHORTEST):
        out.text(text, box.x + 3, box.y + 11.5, "on")


def _told(tree: _Tree) -> str:
    """The title of a cell or frame."""
    if len(tree.leaves) == 1:
        leaf = tree.leaves[0]
        return f"{leaf.name}: {leaf.verdict}, {leaf.size:,} parameters"
    counts = ", ".join(f"{n} {verdict}" for verdict, n in verdict_counts(tree.leaves).items())
    size = sum(leaf.size for leaf in tree.leaves)
    return f"{tree.name}: {len(tree.leaves)} leaves ({counts}), {size:,} parameters"
