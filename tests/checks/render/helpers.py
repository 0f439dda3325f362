"""Leaves, names and queries that several tests of the renderers use."""

from xml.etree import ElementTree

from checks import FlowEdge, FlowNode, GradientFlow, Leaf, Passage

# A name with markup, control characters and letters that are not ASCII.
EVIL = '<script>alert("x")</script>&\x00\u202e層'
# Pictures must stay small, however large the model is.
MOST_ELEMENTS = 500


def make_leaf(name, verdict="alive", shape=(2,), **more):
    return Leaf(name, shape, "float32", verdict, f"why of {name}", **more)


def make_passage(i, arriving, leaving, steps=()):
    return Passage(f"model.py:{i} mul in {EVIL}", EVIL, arriving, leaving, tuple(steps))


def make_flow():
    """A flow with a cut, a zero derivative, a band that skips a row and an evil name."""
    nodes = (
        FlowNode("loss", "loss"),
        FlowNode(EVIL, "module", ("w",), (f"model.py:3 stop_gradient in {EVIL}",), (1.0, 0.5, 0.0)),
        FlowNode("far", "module", ("v",)),
        FlowNode("argument 0", "input"),
    )
    edges = (
        FlowEdge("loss", EVIL, "flows", 1.0),
        FlowEdge(EVIL, "far", "flows", 1e-3),
        FlowEdge(EVIL, "argument 0", "cut", None),
        FlowEdge("far", "argument 0", "flows", 0.0),
        FlowEdge("loss", "far", "flows", 10.0),
    )
    return GradientFlow(nodes, edges)


def elements(markup, kind):
    """Returns the elements whose first class is `kind`."""
    root = ElementTree.fromstring(markup)
    return [e for e in root.iter() if e.get("class", "").split()[:1] == [kind]]


def titles(markup):
    return [e.text or "" for e in ElementTree.fromstring(markup).iter("title")]


def area(element):
    return float(element.get("width", 0)) * float(element.get("height", 0))
