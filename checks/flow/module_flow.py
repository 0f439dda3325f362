"""The flow of the gradient from the loss back to the inputs, module by module."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from checks.flow.graph import STATES, Graph, Read, graph
from checks.flow.sizes import read_sizes
from checks.flow.sources import Source
from checks.measure.points import Point
from checks.program.runner import Runner
from checks.program.trace import Program
from checks.proofs.cuts import Cut
from checks.proofs.dependence import Dependence

LOSS = "loss"
Sizes = Mapping[int, np.ndarray]
_UNREAD = "not read by any equation"
_MOST_INPUTS = 6


@dataclass(frozen=True)
class Edge:
    """What one module gives back to another.

    Attributes:
        reader: name of the module that the cotangent comes from, nearer to the loss.
        source: name of the module or input that it goes to.
        state: `flows`; `cut`: only values pass, no derivative; `unused`: thrown away.
        size: Euclidean norm of the cotangent in float64, None where nothing was measured.
    """

    reader: str
    source: str
    state: str
    size: float | None


@dataclass(frozen=True)
class Node:
    """A module, an input, or the loss.

    Attributes:
        name: module path; function and line where a program has no modules.
        kind: `loss`, `module`, `input`, or `unread` for leaves that no equation reads.
        leaves: names of the parameters that it reads.
        cuts: `path:line primitive in module` of the equations in it that block a leaf.
        steps: for a module inside a scan, norms of what it gives back through the carry, from the
            step nearest to the loss.
    """

    name: str
    kind: str
    leaves: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()


@dataclass(frozen=True)
class Flow:
    """Nodes in the order of the backward pass, from the loss to the inputs, and edges."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()

    def arriving(self, node: Node) -> float | None:
        """Norm of the cotangents that its readers give it, None where nothing was measured."""
        return _norm([edge.size for edge in self.edges if edge.source == node.name])

    def leaving(self, node: Node) -> float | None:
        """Norm of the cotangents that it gives to modules and inputs; parameters do not count."""
        return _norm([edge.size for edge in self.edges if edge.reader == node.name])

    def factor(self, node: Node) -> float | None:
        """What a module leaves of the cotangent on its way to other modules and inputs."""
        arriving, leaving = self.arriving(node), self.leaving(node)
        return leaving / arriving if arriving and leaving is not None else None

    def steepest(self, count: int = 3) -> list[Node]:
        """The modules that lose most, those with a factor below one half, worst first."""
        found = [(self.factor(node), node) for node in self.nodes if node.kind == "module"]
        steep = [(factor, node) for factor, node in found if factor is not None and factor < 0.5]
        return [node for _, node in sorted(steep, key=lambda pair: pair[0])[:count]]

    def text(self) -> str:
        """A line a node: what arrives, the factor, its name and what ends there."""
        return "\n".join(map(self._line, self.nodes))

    def document(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, as described in `checks.document`."""
        more = {
            n.name: {"arriving": self.arriving(n), "factor": self.factor(n)} for n in self.nodes
        }
        return {
            "nodes": [asdict(node) | more[node.name] for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
        }

    def _line(self, node: Node) -> str:
        arriving, factor = self.arriving(node), self.factor(node)
        size = "       " if arriving is None else f"{arriving:7.1e}"
        times = "         " if factor is None else f"{factor:8.2g}x"
        leaves = f" ({len(node.leaves)} leaves)" if node.leaves else ""
        return f"{size} {times}  {node.name}{leaves}" + "".join(f"; cut at {c}" for c in node.cuts)


def static_flow(program: Program, dependence: Dependence, cuts: Sequence[Cut]) -> Flow:
    """What is connected, cut and unused, from shapes alone."""
    return _flow(program, graph(program, dependence), cuts, None)


def measured_flow(
    runner: Runner, dependence: Dependence, cuts: Sequence[Cut], point: Point
) -> Flow:
    """The same with sizes, at one point, in float64."""
    found = graph(runner.program, dependence)
    sizes = read_sizes(runner, found, point.leaves, point.args)
    return _flow(runner.program, found, cuts, sizes)


def _flow(program: Program, found: Graph, cuts: Sequence[Cut], measured: Sizes | None) -> Flow:
    inputs, sizes = _input_names(program), measured or {}
    edges: dict[tuple[str, str], tuple[str, list[float]]] = {}
    for source in found.loss:
        if isinstance(source.node, str):
            edges[LOSS, source.node] = ("flows", [] if measured is None else [1.0])
    for i, read in enumerate(found.reads):
        for source in read.sources:
            name = source.node if isinstance(source.node, str) else inputs.get(source.node)
            if name is not None and name != read.reader:
                state, known = edges.setdefault((read.reader, name), (read.state, []))
                known += [_of_step(sizes[i], source)] if i in sizes else []
                edges[read.reader, name] = max(state, read.state, key=STATES.index), known
    nodes = [Node(LOSS, "loss"), *(_node(program, found, cuts, sizes, g) for g in found.groups)]
    reached = {source for _, source in edges}
    nodes += [Node(x, "input") for x in dict.fromkeys(inputs.values()) if x in reached]
    read = {name for node in nodes for name in node.leaves}
    if unread := tuple(name for name in program.params.names if name not in read):
        nodes.append(Node(_UNREAD, "unread", unread))
    drawn = [Edge(*pair, state, _norm(known)) for pair, (state, known) in edges.items()]
    return Flow(tuple(nodes), tuple(drawn))


def _node(program: Program, found: Graph, cuts: Sequence[Cut], sizes: Sizes, name: str) -> Node:
    own = [(i, read) for i, read in enumerate(found.reads) if read.reader == name]
    leaves = {s.node for _, read in own for s in read.sources if isinstance(s.node, int)}
    places = (c.place for c in cuts if found.owners.get(c.site.path) == name)
    carried = [_steps(sizes[i], read) for i, read in own if i in sizes and _is_carried(read)]
    longest = max(map(len, carried), default=0)
    steps = [_norm([x[i] for x in carried if len(x) == longest]) or 0.0 for i in range(longest)]
    names = [n for i, n in enumerate(program.params.names) if i in leaves]
    return Node(name, "module", tuple(names), tuple(dict.fromkeys(places)), tuple(steps))


def _of_step(sizes: np.ndarray, source: Source) -> float:
    """Of a carry, the part that goes to its first value or to the later ones; else all steps."""
    if (step := source.step) is not None:
        first = -1 if step.is_reverse else 0
        index = np.arange(sizes.shape[step.axis])
        chosen = index == index[first] if step.is_first else index != index[first]
        sizes = np.compress(chosen, sizes, axis=step.axis)
    return _norm(sizes.ravel().tolist()) or 0.0


def _is_carried(read: Read) -> bool:
    return any(source.step is not None for source in read.sources)


def _steps(sizes: np.ndarray, read: Read) -> list[float]:
    """One number a step of the outermost scan whose carry is read, in the order of the gradient."""
    step = min((s.step for s in read.sources if s.step is not None), key=lambda step: step.axis)
    moved = np.moveaxis(sizes, step.axis, 0)
    each = [_norm(part.ravel().tolist()) or 0.0 for part in moved]
    return each if step.is_reverse else each[::-1]


def _input_names(program: Program) -> dict[int, str]:
    """Position of each floating input -> its name; few inputs have their own, many share one."""
    first = program.leaf_count + len(program.params.fixed)
    names = list(program.args.names)
    if len(names) > _MOST_INPUTS:
        names = [name.split("/")[0] for name in names]
    return {first + i: f"argument {name}" for i, name in enumerate(names)}


def _norm(sizes: Sequence[float | None]) -> float | None:
    """Root of the sum of squares, scaled first; None where nothing was measured."""
    known = np.array([size for size in sizes if size is not None])
    if not known.size:
        return None
    top = float(known.max())
    return top * float(np.sqrt(np.sum((known / top) ** 2))) if top > 0 else 0.0
