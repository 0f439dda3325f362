"""The flow of the gradient as a picture: rows from the loss down to the inputs, bands between.

A band between neighbours runs straight down; one that skips rows has a lane of its own on the left.
"""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from checks.flow.modules import Edge, Flow, Node
from checks.pages.log_scale import LogScale
from checks.pages.svg import COLOURS, Drawing, shortened
from checks.pages.treemap import Box
from checks.verdicts import PASSING, Leaf, verdict_counts, worst_first

_WIDTH, _ROW, _BOX, _LANE, _LANES = 960.0, 28.0, 20.0, 11.0, 190.0
# Widths of the columns: name, what arrives (bar and number), factor, squares of the parameters.
_NAME, _BAR, _NUMBER, _FACTOR, _LEAVES = 260.0, 90.0, 55.0, 68.0, 72.0
_SQUARE = 9.0
_THIN, _THICK, _BROKEN = 1.0, 8.0, 2.0
_MOST_MARKS, _FEWEST_STEPS = 240, 6


def flow_picture(flow: Flow, leaves: Mapping[str, Leaf]) -> Markup:
    """The picture; `leaves` gives the verdicts of the parameters that each module reads."""
    return _Picture(flow, leaves).drawn() if flow.nodes else Markup("")


class _Picture:
    def __init__(self, flow: Flow, leaves: Mapping[str, Leaf]) -> None:
        self._flow, self._leaves = flow, leaves
        self._rows = {node.name: i for i, node in enumerate(flow.nodes)}
        self._lanes = _lanes(flow.edges, self._rows)
        count = max(self._lanes.values(), default=-1) + 1
        self._lane = min(_LANE, _LANES / max(count, 1))
        self._left = 10.0 + self._lane * count
        self._steep = {node.name for node in flow.steepest()}
        self._scale = LogScale(edge.size for edge in flow.edges)
        strips = sum(bool(node.steps) for node in flow.nodes)
        self._most_steps = max(_MOST_MARKS // max(strips, 1), _FEWEST_STEPS)
        self._is_measured = any(edge.size is not None for edge in flow.edges)

    def drawn(self) -> Markup:
        height = _ROW * len(self._flow.nodes)
        self._out = Drawing(_WIDTH, height, "The way of the gradient from the loss to the inputs")
        for edge in self._flow.edges:
            self._edge(edge)
        for node in self._flow.nodes:
            self._node(node)
        return self._out.markup()

    def _edge(self, edge: Edge) -> None:
        start, end = self._middle(edge.reader), self._middle(edge.source)
        pair = edge.reader, edge.source
        if pair in self._lanes:
            x = self._left - 6 - self._lane * (self._lanes[pair] + 0.5)
            bend = math.copysign(min(6.0, self._lane), end - start)
            path = (
                f"M{self._left:.1f} {start + 4:.1f}H{x + abs(bend):.1f}"
                f"Q{x:.1f} {start + 4:.1f} {x:.1f} {start + 4 + bend:.1f}V{end - 4 - bend:.1f}"
                f"Q{x:.1f} {end - 4:.1f} {x + abs(bend):.1f} {end - 4:.1f}H{self._left:.1f}"
            )
        else:
            path = f"M{self._left + 24:.1f} {start:.1f}V{end:.1f}"
        size = "" if edge.size is None else f", {edge.size:.1e}"
        kind = _word(edge)
        width = self._thickness(edge.size) if kind == "flows" else _BROKEN
        title = f"{edge.reader} → {edge.source}: {kind}{size}"
        self._out.path(path, kind, width, title)

    def _node(self, node: Node) -> None:
        y = _ROW * self._rows[node.name] + (_ROW - _BOX) / 2
        leaves = [self._leaves[name] for name in node.leaves if name in self._leaves]
        failing = any(not leaf.passes for leaf in leaves) or bool(node.cuts)
        kind = f"node {node.kind}" + (" failing" if failing else "")
        title = "\n".join([node.name, *(f"cut at {cut}" for cut in node.cuts)])
        self._out.rect(Box(self._left, y, _NAME, _BOX), kind, title, rx="4")
        self._text(shortened(node.name, _NAME - 14), self._left + 8, y, node.kind)
        self._strip(node, y + _BOX - 4)
        x = self._left + _NAME + 10
        if self._is_measured:
            self._sizes(node, x, y)
            x += _BAR + _NUMBER + _FACTOR
        if node.kind == "loss":
            self._text("parameters", x, y)
        self._parameters(node, leaves, x, y)

    def _strip(self, node: Node, y: float) -> None:
        """The steps of a scan, the one nearest to the loss on the left; pale is small."""
        every = math.ceil(len(node.steps) / self._most_steps) or 1
        width = (_NAME - 8) / max(len(node.steps[::every]), 1)
        for i, size in enumerate(node.steps[::every]):
            title = f"step {i * every + 1} from the end: {size:.1e}"
            shade = f"{0.15 + 0.85 * self._scale.share(size):.2f}"
            box = Box(self._left + 4 + i * width, y, max(width - 0.7, 0.5), 3)
            self._out.rect(box, "step", title, opacity=shade)

    def _sizes(self, node: Node, x: float, y: float) -> None:
        arriving, factor = self._flow.arriving(node), self._flow.factor(node)
        if node.kind == "loss":
            self._text("arrives", x, y)
            self._text("left of it", x + _BAR + _NUMBER, y)
        if arriving is not None:
            width = 1 + (_BAR - 1) * self._scale.share(arriving)
            self._out.rect(Box(x, y + 5, width, _BOX - 10), "size", f"{arriving:.3e}")
            self._text(f"{arriving:.1e}", x + _BAR + 4, y)
        if factor is not None:
            kind = "steep" if node.name in self._steep else "soft"
            self._text(f"{factor:.2g}x", x + _BAR + _NUMBER, y, kind)

    def _parameters(self, node: Node, leaves: Sequence[Leaf], x: float, y: float) -> None:
        """A square for each leaf, worst first; then how many fail, and where their way is cut."""
        room = int(_LEAVES / _SQUARE)
        for i, leaf in enumerate(worst_first(leaves)[:room]):
            size = "" if leaf.gradient is None else f", gradient {leaf.gradient:.1e}"
            title = f"{leaf.name}: {leaf.verdict}{size}"
            box = Box(x + _SQUARE * i, y + 6, _SQUARE - 1, _SQUARE - 1)
            kind = "leaf" if leaf.passes else "leaf failing"
            self._out.rect(box, kind, title, fill=COLOURS[leaf.verdict])
        failing = verdict_counts([leaf for leaf in leaves if not leaf.passes])
        words = [
            f"{number} with dead slices" if verdict in PASSING else f"{number} {verdict}"
            for verdict, number in failing.items()
        ]
        words += [f"✂ {cut}" for cut in node.cuts]
        text = "; ".join(words) or (f"{len(leaves)} leaves" if len(leaves) > room else "")
        x += _SQUARE * min(len(leaves), room) + 6
        self._text(shortened(text, _WIDTH - x, keep="start"), x, y, "broken" if words else "soft")

    def _text(self, text: str, x: float, y: float, kind: str = "soft") -> None:
        self._out.text(text, x, y + 14, kind)

    def _middle(self, name: str) -> float:
        return _ROW * (self._rows[name] + 0.5)

    def _thickness(self, size: float | None) -> float:
        return 2.0 if size is None else _THIN + (_THICK - _THIN) * self._scale.share(size)


def _word(edge: Edge) -> str:
    """How a band is drawn: a derivative that is zero ends the flow like a cut."""
    if edge.state == "flows" and edge.size is not None and not edge.size > 0:
        return "zero"
    return edge.state


def _lanes(edges: Sequence[Edge], rows: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Edges that skip rows or run upwards -> the first free lane; short ones lie inside."""
    taken: list[list[tuple[int, int]]] = []
    lanes = {}
    spans = [(rows[edge.source] - rows[edge.reader], edge) for edge in edges]
    for span, edge in sorted(spans, key=lambda pair: abs(pair[0])):
        if span == 1:
            continue
        low, high = sorted((rows[edge.reader], rows[edge.source]))
        free = (i for i, lane in enumerate(taken) if all(high < a or b < low for a, b in lane))
        at = next(free, len(taken))
        taken += [[]] if at == len(taken) else []
        taken[at].append((low, high))
        lanes[edge.reader, edge.source] = at
    return lanes
