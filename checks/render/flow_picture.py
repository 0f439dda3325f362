"""Draws the gradient flow: a row for each node, from the loss down to the inputs, joined by bands.

A band between neighbours runs straight down; one that skips rows runs in a lane on the left.
"""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from checks.gradient_flow import FlowEdge, FlowNode, GradientFlow
from checks.render.lanes import assign_lanes
from checks.render.log_scale import LogScale
from checks.render.svg import VERDICT_COLOURS, Drawing, shorten
from checks.render.treemap import Box
from checks.verdicts import PASSING, Leaf, verdict_counts, worst_first

# The picture, a row, the box in it; a lane, and all lanes together.
_WIDTH, _ROW, _BOX, _LANE, _LANES = 960.0, 28.0, 20.0, 11.0, 190.0
# Widths of the columns: name, arriving gradient (bar and number), factor, parameters.
_NAME, _BAR, _NUMBER, _FACTOR, _LEAVES = 260.0, 90.0, 62.0, 68.0, 72.0
# Side of the square that stands for a parameter.
_SQUARE = 9.0
# Widths of bands: smallest, largest, and without a size.
_THIN, _THICK, _UNMEASURED = 1.0, 8.0, 2.0
# Marks of all scan steps together; marks of one scan at least.
_MOST_MARKS, _FEWEST_STEPS = 240, 6


def flow_picture(flow: GradientFlow, leaves: Mapping[str, Leaf]) -> Markup:
    """Draws the gradient flow: a row for each node, from the loss to the inputs, joined by bands.

    Args:
        flow: the flow, measured or static.
        leaves: name -> leaf, such as a report: the verdicts of the parameters that each module
            reads; parameters without a leaf are not drawn.

    Returns:
        The picture as inline SVG, empty for a flow without nodes.
    """
    return _FlowPicture(flow, leaves).draw() if flow.nodes else Markup("")


class _FlowPicture:
    """The layout of one flow, and the drawing to which its rows and bands are added."""

    def __init__(self, flow: GradientFlow, leaves: Mapping[str, Leaf]) -> None:
        self._flow, self._leaves = flow, leaves
        self._rows = {node.name: i for i, node in enumerate(flow.nodes)}
        self._lanes = assign_lanes(
            [(self._rows[edge.reader], self._rows[edge.source]) for edge in flow.edges]
        )
        count = max(self._lanes.values(), default=-1) + 1
        self._lane = min(_LANE, _LANES / max(count, 1))
        self._left = 10.0 + self._lane * count
        self._steep = {node.name for node in flow.steepest()}
        self._scale = LogScale(edge.size for edge in flow.edges)
        scans = sum(bool(node.steps) for node in flow.nodes)
        self._most_steps = max(_MOST_MARKS // max(scans, 1), _FEWEST_STEPS)
        self._is_measured = any(edge.size is not None for edge in flow.edges)
        height = _ROW * len(flow.nodes)
        self._out = Drawing(_WIDTH, height, "The gradient flow from the loss to the inputs")

    def draw(self) -> Markup:
        for edge in self._flow.edges:
            self._draw_edge(edge)
        for node in self._flow.nodes:
            self._draw_node(node)
        return self._out.markup()

    def _draw_edge(self, edge: FlowEdge) -> None:
        rows = self._rows[edge.reader], self._rows[edge.source]
        start, end = (_ROW * (row + 0.5) for row in rows)
        path = f"M{self._left + 24:.1f} {start:.1f}V{end:.1f}"
        if rows in self._lanes:
            path = self._outline_lane(self._lanes[rows], start, end)
        size = "" if edge.size is None else f", {edge.size:.1e}"
        kind = _name_state(edge)
        width = self._scale_width(edge.size) if kind == "flows" else _UNMEASURED
        title = f"{edge.reader} → {edge.source}: {kind}{size}"
        self._out.path(path, kind, width, title)

    def _outline_lane(self, lane: int, start: float, end: float) -> str:
        """Returns a path to the left into a lane, along it, and back, with round corners."""
        x = self._left - 6 - self._lane * (lane + 0.5)
        bend = math.copysign(min(6.0, self._lane), end - start)
        return (
            f"M{self._left:.1f} {start + 4:.1f}H{x + abs(bend):.1f}"
            f"Q{x:.1f} {start + 4:.1f} {x:.1f} {start + 4 + bend:.1f}V{end - 4 - bend:.1f}"
            f"Q{x:.1f} {end - 4:.1f} {x + abs(bend):.1f} {end - 4:.1f}H{self._left:.1f}"
        )

    def _draw_node(self, node: FlowNode) -> None:
        y = _ROW * self._rows[node.name] + (_ROW - _BOX) / 2
        leaves = [self._leaves[name] for name in node.leaves if name in self._leaves]
        is_failing = any(not leaf.passes for leaf in leaves) or bool(node.cuts)
        kind = f"node {node.kind}" + (" failing" if is_failing else "")
        title = "\n".join([node.name, *(f"cut at {cut}" for cut in node.cuts)])
        self._out.rect(Box(self._left, y, _NAME, _BOX), kind, title, rx="4")
        self._text(shorten(node.name, _NAME - 14), self._left + 8, y, node.kind)
        self._draw_steps(node, y + _BOX - 4)
        x = self._left + _NAME + 10
        if self._is_measured:
            self._draw_sizes(node, x, y)
            x += _BAR + _NUMBER + _FACTOR
        if node.kind == "loss":
            self._text("parameters", x, y)
        self._draw_parameters(node, leaves, x, y)

    def _draw_steps(self, node: FlowNode, y: float) -> None:
        """Draws the steps of a scan, the one nearest to the loss on the left; pale is small."""
        every = math.ceil(len(node.steps) / self._most_steps) or 1
        width = (_NAME - 8) / max(len(node.steps[::every]), 1)
        for i, size in enumerate(node.steps[::every]):
            title = f"step {i * every + 1} from the end: {size:.1e}"
            shade = f"{0.15 + 0.85 * self._scale.share(size):.2f}"
            box = Box(self._left + 4 + i * width, y, max(width - 0.7, 0.5), 3)
            self._out.rect(box, "step", title, opacity=shade)

    def _draw_sizes(self, node: FlowNode, x: float, y: float) -> None:
        arriving, factor = self._flow.arriving(node), self._flow.factor(node)
        if node.kind == "loss":
            self._text("arrives", x, y)
            self._text("factor", x + _BAR + _NUMBER, y)
        if arriving is not None:
            width = 1 + (_BAR - 1) * self._scale.share(arriving)
            self._out.rect(Box(x, y + 5, width, _BOX - 10), "size", f"{arriving:.3e}")
            self._text(f"{arriving:.1e}", x + _BAR + 4, y)
        if factor is not None:
            kind = "steep" if node.name in self._steep else "soft"
            self._text(f"{factor:.2g}x", x + _BAR + _NUMBER, y, kind)

    def _draw_parameters(self, node: FlowNode, leaves: Sequence[Leaf], x: float, y: float) -> None:
        """Draws a square for each leaf, worst first; then the failing verdicts and the cuts."""
        most = int(_LEAVES / _SQUARE)
        for i, leaf in enumerate(worst_first(leaves)[:most]):
            size = "" if leaf.gradient is None else f", gradient {leaf.gradient:.1e}"
            title = f"{leaf.name}: {leaf.verdict}{size}"
            box = Box(x + _SQUARE * i, y + 6, _SQUARE - 1, _SQUARE - 1)
            kind = "leaf" if leaf.passes else "leaf failing"
            self._out.rect(box, kind, title, fill=VERDICT_COLOURS[leaf.verdict])
        words = [*_list_failures(leaves), *(f"✂ {cut}" for cut in node.cuts)]
        text = "; ".join(words) or (f"{len(leaves)} leaves" if len(leaves) > most else "")
        x += _SQUARE * min(len(leaves), most) + 6
        self._text(shorten(text, _WIDTH - x, keep="start"), x, y, "broken" if words else "soft")

    def _text(self, text: str, x: float, y: float, kind: str = "soft") -> None:
        self._out.text(text, x, y + 14, kind)

    def _scale_width(self, size: float | None) -> float:
        if size is None:
            return _UNMEASURED
        return _THIN + (_THICK - _THIN) * self._scale.share(size)


def _name_state(edge: FlowEdge) -> str:
    """Returns the state of an edge, and `zero` for a derivative that is zero."""
    if edge.state == "flows" and edge.size is not None and not edge.size > 0:
        return "zero"
    return edge.state


def _list_failures(leaves: Sequence[Leaf]) -> list[str]:
    """Returns texts like `3 blocked`; a leaf whose verdict passes fails by its slices."""
    failing = verdict_counts([leaf for leaf in leaves if not leaf.passes])
    return [
        f"{count} with dead slices" if verdict in PASSING else f"{count} {verdict}"
        for verdict, count in failing.items()
    ]
