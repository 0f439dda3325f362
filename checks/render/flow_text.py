"""Writes a gradient flow as text."""

from checks.gradient_flow import FlowNode, GradientFlow


def flow_text(flow: GradientFlow) -> str:
    """Returns one line a node: the norm that arrives, the factor, the name and the cuts in it.

    Args:
        flow: the flow, measured or static.
    """
    return "\n".join(_line(flow, node) for node in flow.nodes)


def _line(flow: GradientFlow, node: FlowNode) -> str:
    arriving, factor = flow.arriving(node), flow.factor(node)
    size = "       " if arriving is None else f"{arriving:7.1e}"
    times = "         " if factor is None else f"{factor:8.2g}x"
    leaves = f" ({len(node.leaves)} leaves)" if node.leaves else ""
    return f"{size} {times}  {node.name}{leaves}" + "".join(f"; cut at {c}" for c in node.cuts)
