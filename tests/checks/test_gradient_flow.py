"""The gradient flow as data."""

import pytest

from checks import FlowEdge, FlowNode, GradientFlow
from checks.gradient_flow import euclidean_norm

LOSS, ONE, TWO, INPUT = (
    FlowNode("loss", "loss"),
    FlowNode("one", "module"),
    FlowNode("two", "module"),
    FlowNode("argument 0", "input"),
)
FLOW = GradientFlow(
    (LOSS, ONE, TWO, INPUT),
    (
        FlowEdge("loss", "one", "flows", 3.0),
        FlowEdge("loss", "two", "flows", 4.0),
        FlowEdge("one", "two", "flows", 3.0),
        FlowEdge("two", "argument 0", "flows", 0.5),
        FlowEdge("one", "argument 0", "cut", None),
    ),
)


def test_what_arrives_and_leaves_are_norms_of_all_edges():
    assert FLOW.arriving(TWO) == pytest.approx(5.0) and FLOW.leaving(ONE) == pytest.approx(3.0)
    assert FLOW.factor(TWO) == pytest.approx(0.1) and FLOW.factor(ONE) == pytest.approx(1.0)


def test_without_sizes_there_are_no_factors():
    assert FLOW.arriving(LOSS) is None and FLOW.factor(LOSS) is None
    assert FLOW.leaving(INPUT) is None and FLOW.factor(INPUT) is None
    still = GradientFlow((ONE,), (FlowEdge("loss", "one", "flows", 0.0),))
    assert still.arriving(ONE) == 0.0 and still.factor(ONE) is None


def test_the_steepest_modules_lose_more_than_half_the_worst_first():
    weak = FlowNode("weak", "module")
    more = (FlowEdge("loss", "weak", "flows", 1.0), FlowEdge("weak", "argument 0", "flows", 0.01))
    flow = GradientFlow((*FLOW.nodes, weak), (*FLOW.edges, *more))
    assert flow.steepest() == [weak, TWO] and flow.steepest(1) == [weak]


def test_a_norm_does_not_underflow_and_ignores_what_was_not_measured():
    assert euclidean_norm([3e-200, None, 4e-200]) == pytest.approx(5e-200)
    assert euclidean_norm([None]) is None and euclidean_norm([]) is None
    assert euclidean_norm([0.0, 0.0]) == 0.0
