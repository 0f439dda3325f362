"""Data classes of the gradient flow: how much gradient each module passes back to others.

This file imports no other file of `checks`. `checks.flow` measures a flow, `checks.render` shows
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# A module is steep when it passes on less than this share of the gradient that arrives at it.
STEEP = 0.5


@dataclass(frozen=True)
class FlowEdge:
    """The gradient that one module passes back to another.

    Attributes:
        reader: name of the module that the cotangent comes from, nearer to the loss.
        source: name of the module or input that the cotangent goes to.
        state: `flows`; `cut` where only values pass and no derivative; `unused` where the result
            is thrown away.
        size: Euclidean norm of the cotangent in float64, None where nothing was measured.
    """

    reader: str
    source: str
    state: str
    size: float | None


@dataclass(frozen=True)
class FlowNode:
    """A module, an input, or the loss.

    Attributes:
        name: module path; function and line where a program has no modules.
        kind: `loss`, `module`, `input`, or `unread` for leaves that no equation reads.
        leaves: names of the parameters that the module reads.
        cuts: `path:line primitive in module` of the equations in it that block a leaf.
        steps: for a module inside a scan, norms of the cotangent that it passes back through the
            carry, beginning with the step nearest to the loss.
    """

    name: str
    kind: str
    leaves: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()


@dataclass(frozen=True)
class GradientFlow:
    """The flow of the gradient from the loss to the inputs.

    Attributes:
        nodes: in the order of the backward pass: the loss first, the inputs last.
        edges: one for each pair of nodes between which a value passes.
    """

    nodes: tuple[FlowNode, ...] = ()
    edges: tuple[FlowEdge, ...] = ()

    def arriving(self, node: FlowNode) -> float | None:
        """Returns the norm of the cotangents that arrive at a node, None if not measured.

        Args:
            node: a node of this flow.
        """
        return euclidean_norm([edge.size for edge in self.edges if edge.source == node.name])

    def leaving(self, node: FlowNode) -> float | None:
        """Returns the norm of the cotangents that a node passes to modules and inputs.

        Gradients of parameters do not count. The result is None where nothing was measured.

        Args:
            node: a node of this flow.
        """
        return euclidean_norm([edge.size for edge in self.edges if edge.reader == node.name])

    def factor(self, node: FlowNode) -> float | None:
        """Returns `leaving / arriving`, None where it is not measured or nothing arrives.

        Args:
            node: a node of this flow.
        """
        arriving, leaving = self.arriving(node), self.leaving(node)
        return leaving / arriving if arriving and leaving is not None else None

    def steepest(self, count: int = 3) -> list[FlowNode]:
        """Returns the modules that lose most of the gradient, the worst first.

        Args:
            count: the largest number of modules to return.

        Returns:
            Modules with a factor below 0.5 (`STEEP`); empty for a flow that was not measured.
        """
        found = [(self.factor(node), node) for node in self.nodes if node.kind == "module"]
        steep = [(factor, node) for factor, node in found if factor is not None and factor < STEEP]
        return [node for _, node in sorted(steep, key=lambda pair: pair[0])[:count]]


def euclidean_norm(sizes: Sequence[float | None]) -> float | None:
    """Computes the root of a sum of squares; the numbers are scaled first, so none underflows.

    Args:
        sizes: norms of parts; None for a part that was not measured.

    Returns:
        The norm of the measured parts, or None where there is none.
    """
    known = np.array([size for size in sizes if size is not None])
    if not known.size:
        return None
    top = float(known.max())
    return top * float(np.sqrt(np.sum((known / top) ** 2))) if top > 0 else 0.0
