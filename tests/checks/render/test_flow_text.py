"""A gradient flow as text."""

from checks import FlowEdge, FlowNode, GradientFlow
from checks.render.flow_text import flow_text


def test_a_line_a_node_with_size_factor_leaves_and_cuts():
    nodes = (
        FlowNode("loss", "loss"),
        FlowNode("gate", "module", ("w", "b"), ("model.py:3 round",)),
        FlowNode("argument 0", "input"),
    )
    edges = (
        FlowEdge("loss", "gate", "flows", 2.0),
        FlowEdge("gate", "argument 0", "flows", 0.5),
    )
    loss, gate, argument = flow_text(GradientFlow(nodes, edges)).splitlines()
    assert loss.strip() == "loss"
    assert gate == "2.0e+00     0.25x  gate (2 leaves); cut at model.py:3 round"
    assert argument.split() == ["5.0e-01", "argument", "0"]
