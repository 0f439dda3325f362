"""Jraph: graph networks with Linen updates on a batch of padded graphs."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example

LIBRARY = "jraph"


def _graphs(jraph: Any) -> Any:
    """Returns three random graphs in one batch and a fourth one as padding."""
    random = np.random.default_rng(0)
    graphs = []
    for nodes, edges in ((4, 7), (5, 9), (3, 5)):
        graphs.append(
            jraph.GraphsTuple(
                nodes=random.standard_normal((nodes, 4)).astype(np.float32),
                edges=random.standard_normal((edges, 3)).astype(np.float32),
                globals=random.standard_normal((1, 2)).astype(np.float32),
                senders=random.integers(0, nodes, edges),
                receivers=random.integers(0, nodes, edges),
                n_node=np.array([nodes]),
                n_edge=np.array([edges]),
            )
        )
    return jraph.pad_with_graphs(jraph.batch(graphs), 16, 24, 4)


def _model(forward: Any, graph: Any) -> Example:
    """Builds an example on the logits of the first three graphs; the topology is fixed."""

    class Net(nn.Module):
        @nn.compact
        def __call__(self, nodes, edges, summary):
            return forward(graph._replace(nodes=nodes, edges=edges, globals=summary))

    data = tuple(jnp.asarray(x) for x in (graph.nodes, graph.edges, graph.globals))
    net, labels = Net(), integers(1, 2, 3)

    def loss(p, nodes, edges, summary, labels):
        logits = jnp.asarray(net.apply({"params": p}, nodes, edges, summary))[:3]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return Example(loss, net.init(jax.random.key(0), *data)["params"], (*data, labels))


def _update(name: str, size: int = 6) -> Any:
    dense = nn.Dense(size, name=name)
    return lambda *inputs: nn.tanh(dense(jnp.concatenate(jax.tree.leaves(inputs), -1)))


def _pooled(jraph: Any, graph: Any, nodes: jax.Array) -> jax.Array:
    segments = jnp.repeat(jnp.arange(4), graph.n_node, total_repeat_length=len(nodes))
    return nn.Dense(2, name="out")(jraph.segment_mean(nodes, segments, 4))


def graph_network(jraph: Any) -> Example:
    """Builds a model with jraph.GraphNetwork: edges, nodes and globals updated, twice.

    Args:
        jraph: The module `jraph`.

    Returns:
        An `Example`: `loss(params, nodes, edges, summary, labels)` returns the mean softmax
        cross-entropy over two classes of graphs. `params` is the Linen net's nested dict of
        parameters. `args` has `nodes` [16, 4], `edges` [24, 3], `summary` [4, 2] and
        `labels` [3] int32. `settings` is empty.
    """

    def forward(graph):
        for step in ("first", "second"):
            names = [f"{step}_{part}" for part in ("edge", "node", "globals")]
            graph = jraph.GraphNetwork(*(_update(name) for name in names))(graph)
        return nn.Dense(2, name="out")(graph.globals)

    return _model(forward, _graphs(jraph))


def graph_convolution(jraph: Any) -> Example:
    """Builds a model with jraph.GraphConvolution with self edges and symmetric normalisation.

    Args:
        jraph: The module `jraph`.

    Returns:
        An `Example`: `loss(params, nodes, edges, summary, labels)` returns the mean softmax
        cross-entropy over two classes of graphs. `params` is the Linen net's nested dict of
        parameters. `args` has `nodes` [16, 4], `edges` [24, 3], `summary` [4, 2] and
        `labels` [3] int32. `settings` is empty.
    """

    def forward(graph):
        for name in ("first", "second"):
            layer = jraph.GraphConvolution(_update(name), add_self_edges=True)
            graph = layer(graph._replace(edges=None))
        return _pooled(jraph, graph, graph.nodes)

    return _model(forward, _graphs(jraph))


def graph_attention(jraph: Any) -> Example:
    """Builds jraph.GAT: scores of senders and receivers, a softmax over the edges of a node.

    Args:
        jraph: The module `jraph`.

    Returns:
        An `Example`: `loss(params, nodes, edges, summary, labels)` returns the mean softmax
        cross-entropy over two classes of graphs. `params` is the Linen net's nested dict of
        parameters. `args` has `nodes` [16, 4], `edges` [24, 3], `summary` [4, 2] and
        `labels` [3] int32. `settings` is empty.
    """

    def forward(graph):
        logits = nn.Dense(1, use_bias=False, name="score")
        layer = jraph.GAT(
            lambda nodes: nn.Dense(6, name="embed")(nodes),
            lambda a, b, edges: nn.leaky_relu(logits(jnp.concatenate([a, b], -1))),
            lambda nodes: nn.tanh(nodes),
        )
        return _pooled(jraph, graph, layer(graph._replace(edges=None)).nodes)

    return _model(forward, _graphs(jraph))


def interaction_network(jraph: Any) -> Example:
    """Builds a model with jraph.InteractionNetwork: edges between bodies, forces on nodes.

    Args:
        jraph: The module `jraph`.

    Returns:
        An `Example`: `loss(params, nodes, edges, summary, labels)` returns the mean softmax
        cross-entropy over two classes of graphs. `params` is the Linen net's nested dict of
        parameters. `args` has `nodes` [16, 4], `edges` [24, 3], `summary` [4, 2] and
        `labels` [3] int32. `settings` is empty.
    """

    def forward(graph):
        layer = jraph.InteractionNetwork(_update("edge"), _update("node"))
        return _pooled(jraph, graph, layer(graph).nodes)

    return _model(forward, _graphs(jraph))


def deep_sets(jraph: Any) -> Example:
    """Builds a model with jraph.DeepSets: nodes and globals, no edges.

    Args:
        jraph: The module `jraph`.

    Returns:
        An `Example`: `loss(params, nodes, edges, summary, labels)` returns the mean softmax
        cross-entropy over two classes of graphs. `params` is the Linen net's nested dict of
        parameters. `args` has `nodes` [16, 4], `edges` [24, 3], `summary` [4, 2] and
        `labels` [3] int32. `settings` is empty.
    """

    def forward(graph):
        layer = jraph.DeepSets(_update("node"), _update("globals"))
        return nn.Dense(2, name="out")(layer(graph).globals)

    return _model(forward, _graphs(jraph))


MODELS = [graph_network, graph_convolution, graph_attention, interaction_network, deep_sets]
