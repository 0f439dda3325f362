"""The graph of reads between modules."""

import jax.numpy as jnp
from jax import lax

from checks.flow.read_graph import MOST_GROUPS, build_read_graph
from checks.program.trace import trace
from checks.proofs.proof import prove
from tests.checks.flow.names import last_function

X = jnp.linspace(0.1, 1.0, 4)


def halved(x):
    return 0.5 * x


def tripled(x):
    return 3.0 * x


def stopped(x):
    return lax.stop_gradient(x)


def graph_of(loss, params, *args):
    program = trace(loss, params, args)
    return build_read_graph(program, prove(program).dependence)


def states(graph):
    """Returns (function of the reader, function of the source) -> state, for reads of groups."""
    return {
        (last_function(read.reader), last_function(source.node)): read.state
        for read in graph.reads
        for source in read.sources
        if isinstance(source.node, str) and source.node != read.reader
    }


def test_groups_begin_at_the_loss_and_reads_name_their_sources():
    graph = graph_of(lambda p, x: tripled(halved(p["w"] * x)).sum(), {"w": X}, X)
    words = list(map(last_function, graph.groups))
    assert words.index("tripled") < words.index("halved")
    assert states(graph)["tripled", "halved"] == "flows"
    assert {source.node for source in graph.loss} <= set(graph.groups)


def test_a_stopped_read_is_cut_and_one_that_is_thrown_away_is_unused():
    def loss(p, x):
        hidden = halved(p["w"] * x)
        tripled(hidden)  # thrown away
        return hidden.sum() + stopped(hidden).sum()

    graph = graph_of(loss, {"w": X}, X)
    assert states(graph)["tripled", "halved"] == "unused"
    assert states(graph)["stopped", "halved"] == "cut"
    assert states(graph)["loss", "halved"] == "flows"


def test_leaves_and_inputs_are_sources_by_position():
    graph = graph_of(lambda p, x: (p["w"] * x).sum(), {"w": X}, X)
    assert {0, 1} <= {source.node for read in graph.reads for source in read.sources}


def test_a_long_program_has_few_groups():
    def loss(p):
        x = p["first"]
        for w in p["deep"]:
            x = jnp.tanh(x * w)
        return x.sum()

    graph = graph_of(loss, {"first": X, "deep": [X] * 100})
    assert len(graph.groups) <= MOST_GROUPS and set(graph.owners.values()) == set(graph.groups)
