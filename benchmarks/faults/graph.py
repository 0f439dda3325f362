"""Faults in graph networks with segment sums."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

NODES = normal(100, 6, 4)
SOURCE, TARGET = jnp.array([0, 1, 2, 3, 4]), jnp.array([1, 2, 0, 4, 3])


def _messages(p, x):
    sent = jnp.tanh(x[SOURCE] @ p["message"])
    return jax.ops.segment_sum(sent, TARGET, num_segments=6)


def messages_not_used(faulty: bool) -> Example:
    """Messages are computed, and the update reads the nodes alone.

    Args:
        faulty: True for this fault; False for the sound twin, which adds the messages to the
            update.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `message` [4, 3] and `update` [4, 3]. `args` has `x` [6, 4]. `settings` is empty.
    """

    def loss(p, x):
        received = _messages(p, x)
        updated = x @ p["update"]
        return jnp.mean((updated if faulty else updated + received) ** 2)

    return Example(loss, {"message": normal(101, 4, 3), "update": normal(102, 4, 3)}, (NODES,))


def learned_edges_by_order(faulty: bool) -> Example:
    """Edges are chosen by the largest scores, which decide only their order.

    Args:
        faulty: True for this fault; False for the sound twin, which weights the nodes by a softmax
            of the scores.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `score` [4] and `update` [4, 3]. `args` has `x` [6, 4]. `settings` is empty.
    """

    def loss(p, x):
        score = x @ p["score"]
        if faulty:
            return jnp.mean((x[jnp.argsort(score)[:3]] @ p["update"]) ** 2)  # here
        return jnp.mean((jax.nn.softmax(score)[:, None] * x @ p["update"]) ** 2)

    return Example(loss, {"score": normal(103, 4), "update": normal(104, 4, 3)}, (NODES,))


def node_without_edges(faulty: bool) -> Example:
    """No message of this graph reaches the node of one embedding.

    Args:
        faulty: True for this fault; False for the sound twin, in which each of the five embeddings
            gets a message.

    Returns:
        An `Example`: `loss(params, target)` returns a scalar. `params` is a dict with the leaf
        `gain` [5, 4]. `args` has `target` [5] int32. `settings` is empty.
    """
    target = jnp.where(TARGET == 4, 3, TARGET) if faulty else TARGET

    def loss(p, target):
        return jnp.mean((p["gain"][target] * NODES[SOURCE]) ** 2)

    return Example(loss, {"gain": normal(105, 5, 4)}, (target,))


def edge_scale_zero_twice(faulty: bool) -> Example:
    """Two gates in a row both start at zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose gates both start at 0.5.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `message` [4, 3], `one` (scalar), `two` (scalar) and `update` [4, 3]. `args` has `x` [6, 4].
        `settings` is empty.
    """
    gate = 0.0 if faulty else 0.5

    def loss(p, x):
        return jnp.mean((x @ p["update"] + p["one"] * p["two"] * _messages(p, x)) ** 2)

    params = {"message": normal(101, 4, 3), "update": normal(102, 4, 3)} | {
        "one": gate,
        "two": gate,
    }
    return Example(loss, params, (NODES,))


def degree_normalised_constant(faulty: bool) -> Example:
    """A constant gain is divided out by a normalisation over what it multiplies.

    Args:
        faulty: True for this fault; False for the sound twin, which adds a term that differs
            between nodes to the gain, so that it does not cancel.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `gain` (scalar) and `update` [4, 3]. `args` has `x` [6, 4]. `settings` is empty.
    """

    def loss(p, x):
        weights = jnp.exp(x[:, 0]) * (p["gain"] if faulty else p["gain"] + x[:, 1] ** 2)
        weights = weights / weights.sum()
        return jnp.mean((weights @ x @ p["update"]) ** 2)

    return Example(loss, {"gain": jnp.float32(1.3), "update": normal(106, 4, 3)}, (NODES,))


def stopped_adjacency(faulty: bool) -> Example:
    """A learned adjacency is compared with a threshold.

    Args:
        faulty: True for this fault; False for the sound twin, which has a sigmoid in place of the
            comparison.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `adjacency` [6, 6] and `update` [4, 3]. `args` has `x` [6, 4]. `settings` is empty.
    """

    def loss(p, x):
        strength = p["adjacency"]
        edges = (strength > 0).astype(jnp.float32) if faulty else jax.nn.sigmoid(strength)  # here
        return jnp.mean((edges @ x @ p["update"]) ** 2)

    return Example(loss, {"adjacency": normal(107, 6, 6), "update": normal(108, 4, 3)}, (NODES,))


def feature_of_absent_kind(faulty: bool) -> Example:
    """A branch reads a kind of node that does not occur in this data.

    Args:
        faulty: True for this fault; False for the sound twin, in whose data half of the nodes are
            of that kind.

    Returns:
        An `Example`: `loss(params, x, kind)` returns a scalar. `params` is a dict with the leaves
        `common` [4, 3] and `rare` [4, 3]. `args` has `x` [6, 4] and `kind` [6] int32. `settings` is
        empty.
    """
    kind = jnp.zeros(6, jnp.int32) if faulty else jnp.arange(6) % 2

    def loss(p, x, kind):
        rare = lax.cond(kind.sum() > 0, lambda: x @ p["rare"], lambda: jnp.zeros((6, 3)))
        return jnp.mean((x @ p["common"] + rare) ** 2)

    params = {"rare": normal(109, 4, 3), "common": normal(110, 4, 3)}
    return Example(loss, params, (NODES, kind))


def distance_to_itself(faulty: bool) -> Example:
    """`where` removes the diagonal of a distance matrix only after the square root.

    Args:
        faulty: True for this fault; False for the sound twin, which also replaces the diagonal by 1
            before the square root.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `embed` [4, 2]. `args` has `x` [6, 4]. `settings` is empty.
    """
    apart = ~jnp.eye(6, dtype=bool)

    def loss(p, x):
        z = x @ p["embed"]
        squares = ((z[:, None] - z[None]) ** 2).sum(-1)
        squares = squares if faulty else jnp.where(apart, squares, 1.0)
        return jnp.mean(jnp.where(apart, jnp.sqrt(squares), 0.0))  # here

    return Example(loss, {"embed": normal(111, 4, 2)}, (NODES,))


def softmax_edge_by_edge(faulty: bool) -> Example:
    """The softmax over neighbours runs over the one score of each edge.

    Args:
        faulty: True for this fault; False for the sound twin, which normalises over the edges that
            reach the same node.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `source` [4], `target` [4] and `update` [4, 3]. `args` has `x` [6, 4]. `settings` is empty.
    """
    source, target = jnp.array([0, 2, 4, 5, 1, 3]), jnp.array([1, 1, 0, 0, 3, 3])

    def loss(p, x):
        score = jnp.tanh(x[source] @ p["source"] + x[target] @ p["target"])
        if faulty:
            weight = jax.nn.softmax(score[:, None], -1)[:, 0]
        else:
            weight = jnp.exp(score)
            weight = weight / jax.ops.segment_sum(weight, target, 6)[target]
        received = jax.ops.segment_sum(weight[:, None] * x[source], target, 6)
        return jnp.mean((received @ p["update"] - 1) ** 2)

    params = {"source": normal(112, 4), "target": normal(113, 4), "update": normal(114, 4, 3)}
    return Example(loss, params, (NODES,))


FAULTS = [
    Fault("disconnected", ("message",), messages_not_used),
    Fault("blocked", ("score",), learned_edges_by_order),
    Fault("unvisited", ("gain",), node_without_edges, axis=(0, (4,))),
    Fault("stuck", ("message", "one", "two"), edge_scale_zero_twice),
    Fault("invariant", ("gain",), degree_normalised_constant),
    Fault("blocked", ("adjacency",), stopped_adjacency),
    Fault("unvisited", ("rare",), feature_of_absent_kind),
    Fault("non_finite", ("embed",), distance_to_itself, report="jax-ml/jax#347"),
    Fault(
        "invariant",
        ("source", "target"),
        softmax_edge_by_edge,
        report="FluxML/GeometricFlux.jl#130",
    ),
]
