"""The bodies are the graph's nodes; their order is part of every saved run."""

from pgat_jax.names import BODIES


def test_thirteen_bodies_in_the_order_of_the_graph():
    assert len(set(BODIES)) == len(BODIES) == 13
    assert BODIES[:2] == ("sun", "moon") and BODIES[-1] == "chiron"
