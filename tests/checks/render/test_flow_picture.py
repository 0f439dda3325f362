"""The picture of a gradient flow."""

import itertools

import pytest

from checks import FlowEdge, FlowNode, GradientFlow
from checks.render.flow_picture import flow_picture
from tests.checks.render.helpers import MOST_ELEMENTS, elements, make_flow, make_leaf


def test_every_module_is_shown_and_where_the_flow_ends():
    leaves = {"w": make_leaf("w", "blocked"), "v": make_leaf("v", "stuck")}
    picture = flow_picture(make_flow(), leaves)
    assert len(elements(picture, "node")) == 4
    assert [len(elements(picture, kind)) for kind in ("flows", "cut", "zero")] == [3, 1, 1]
    assert "stop_gradient" in picture and "1 blocked" in picture and "1 stuck" in picture


def test_a_larger_gradient_has_a_wider_band():
    bands = elements(flow_picture(make_flow(), {}), "flows")
    widths = {"".join(e.itertext()): float(e.get("stroke-width", 0)) for e in bands}
    thick = {title.split(" → ")[1]: width for title, width in widths.items()}
    assert thick["far: flows, 1.0e+01"] > thick["far: flows, 1.0e-03"]


def test_steep_losses_are_labelled_with_their_factor():
    picture = flow_picture(make_flow(), {})
    assert [e.text for e in elements(picture, "steep")] == ["0.001x", "0x"]


def test_a_long_scan_in_every_module_stays_a_small_picture():
    nodes = [FlowNode(f"m{i}", "module", steps=(1.0,) * 1000) for i in range(48)]
    edges = [FlowEdge(a.name, b.name, "flows", 1.0) for a, b in itertools.pairwise(nodes)]
    picture = flow_picture(GradientFlow(tuple(nodes), tuple(edges)), {})
    assert 48 * 6 <= len(elements(picture, "step")) < MOST_ELEMENTS


@pytest.mark.parametrize("size", [None, 1.0])
def test_sizes_are_shown_only_where_they_were_measured(size):
    nodes = (FlowNode("loss", "loss"), FlowNode("m", "module", ("w",)))
    flow = GradientFlow(nodes, (FlowEdge("loss", "m", "flows", size),))
    picture = flow_picture(flow, {"w": make_leaf("w")})
    assert (">arrives<" in picture) == (size is not None)
    assert len(elements(picture, "leaf")) == 1
    assert len(elements(picture, "size")) == (0 if size is None else 1)


def test_an_empty_flow_has_no_picture():
    assert flow_picture(GradientFlow(), {}) == ""
