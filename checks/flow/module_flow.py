"""Finds the gradient flow from the loss back to the inputs, module by module."""

from collections.abc import Mapping, Sequence

import numpy as np

from checks.flow.read_graph import STATES, Read, ReadGraph, build_read_graph
from checks.flow.sizes import measure_reads
from checks.flow.sources import Source
from checks.gradient_flow import FlowEdge, FlowNode, GradientFlow, euclidean_norm
from checks.measure.points import Point
from checks.program.runner import Runner
from checks.program.trace import Program
from checks.proofs.cuts import Cut
from checks.proofs.dependence import Dependence

# Name of the node of the loss.
LOSS = "loss"
# Name of the node of leaves that no equation reads.
UNREAD = "not read by any equation"
# With more floating inputs than this, all inputs of one argument share a node.
_MOST_INPUTS = 6

# Position of a read in its graph -> norms of its cotangent, one for each step of its scans.
Sizes = Mapping[int, np.ndarray]


def find_static_flow(program: Program, dependence: Dependence, cuts: Sequence[Cut]) -> GradientFlow:
    """Finds which modules are connected, cut off or unused, from shapes alone.

    Args:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.
        cuts: the equations that block leaves.

    Returns:
        A flow whose edges have no sizes.
    """
    return _assemble(program, build_read_graph(program, dependence), cuts, None)


def measure_flow(
    runner: Runner, dependence: Dependence, cuts: Sequence[Cut], point: Point
) -> GradientFlow:
    """Measures the flow at one point, in float64.

    Args:
        runner: runs the program.
        dependence: what depends on what in the program, by value and by tangent.
        cuts: the equations that block leaves.
        point: values of the parameters and arguments.

    Returns:
        The flow of `find_static_flow`, whose edges have sizes where a gradient flows.
    """
    graph = build_read_graph(runner.program, dependence)
    sizes = measure_reads(runner, graph, point.leaves, point.args)
    return _assemble(runner.program, graph, cuts, sizes)


def _assemble(
    program: Program, graph: ReadGraph, cuts: Sequence[Cut], measured: Sizes | None
) -> GradientFlow:
    inputs, sizes = _name_inputs(program), measured or {}
    edges = _find_edges(graph, inputs, measured)
    nodes = [
        FlowNode(LOSS, "loss"),
        *(_make_node(program, graph, cuts, sizes, group) for group in graph.groups),
    ]
    reached = {edge.source for edge in edges}
    nodes += [FlowNode(x, "input") for x in dict.fromkeys(inputs.values()) if x in reached]
    read = {name for node in nodes for name in node.leaves}
    if unread := tuple(name for name in program.params.names if name not in read):
        nodes.append(FlowNode(UNREAD, "unread", unread))
    return GradientFlow(tuple(nodes), tuple(edges))


def _find_edges(
    graph: ReadGraph, inputs: Mapping[int, str], measured: Sizes | None
) -> list[FlowEdge]:
    """Returns one edge for each pair of nodes, with the best state and the norm of all reads."""
    sizes = measured or {}
    found: dict[tuple[str, str], tuple[str, list[float]]] = {}
    for source in graph.loss:
        if isinstance(source.node, str):
            found[LOSS, source.node] = ("flows", [] if measured is None else [1.0])
    for i, read in enumerate(graph.reads):
        for source in read.sources:
            name = source.node if isinstance(source.node, str) else inputs.get(source.node)
            if name is not None and name != read.reader:
                state, known = found.setdefault((read.reader, name), (read.state, []))
                known += [_select_steps(sizes[i], source)] if i in sizes else []
                found[read.reader, name] = max(state, read.state, key=STATES.index), known
    return [FlowEdge(*pair, state, euclidean_norm(known)) for pair, (state, known) in found.items()]


def _make_node(
    program: Program, graph: ReadGraph, cuts: Sequence[Cut], sizes: Sizes, name: str
) -> FlowNode:
    own = [(i, read) for i, read in enumerate(graph.reads) if read.reader == name]
    leaves = {s.node for _, read in own for s in read.sources if isinstance(s.node, int)}
    places = (c.place for c in cuts if graph.owners.get(c.site.path) == name)
    carried = [_order_steps(sizes[i], read) for i, read in own if i in sizes and _is_carry(read)]
    longest = max(map(len, carried), default=0)
    whole = [steps for steps in carried if len(steps) == longest]
    steps = [euclidean_norm(each) or 0.0 for each in zip(*whole)]
    names = [n for i, n in enumerate(program.params.names) if i in leaves]
    return FlowNode(name, "module", tuple(names), tuple(dict.fromkeys(places)), tuple(steps))


def _select_steps(sizes: np.ndarray, source: Source) -> float:
    """Computes the norm over the scan steps whose value comes from the source.

    A carry's first value comes from outside of the scan, its later ones from the scan itself.
    """
    if (step := source.step) is not None:
        first = -1 if step.is_reverse else 0
        index = np.arange(sizes.shape[step.axis])
        is_own = index == index[first] if step.is_first else index != index[first]
        sizes = np.compress(is_own, sizes, axis=step.axis)
    return euclidean_norm(sizes.ravel().tolist()) or 0.0


def _is_carry(read: Read) -> bool:
    return any(source.step is not None for source in read.sources)


def _order_steps(sizes: np.ndarray, read: Read) -> list[float]:
    """Returns one norm for each step of the outermost scan, in the order of the backward pass."""
    step = min((s.step for s in read.sources if s.step is not None), key=lambda step: step.axis)
    norms = [
        euclidean_norm(part.ravel().tolist()) or 0.0 for part in np.moveaxis(sizes, step.axis, 0)
    ]
    return norms if step.is_reverse else norms[::-1]


def _name_inputs(program: Program) -> dict[int, str]:
    """Returns the position of each floating input -> its name; many inputs share names."""
    first = program.leaf_count + len(program.params.fixed)
    names = list(program.args.names)
    if len(names) > _MOST_INPUTS:
        names = [name.split("/")[0] for name in names]
    return {first + i: f"argument {name}" for i, name in enumerate(names)}
