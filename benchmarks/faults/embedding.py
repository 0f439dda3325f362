"""Faults in tables of embeddings."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

IDS = jnp.array([0, 1, 2, 3, 0, 1, 2, 3])


def padding_row_in_use(faulty: bool) -> Example:
    """Row 0 is declared padding, which stops its gradient, but stands for an entity.

    Args:
        faulty: True for this fault; False for the sound twin, in which no row is padding.

    Returns:
        An `Example`: `loss(params, ids)` returns a scalar. `params` is a dict with the leaves
        `table` [4, 3] and `w` [3, 2]. `args` has `ids` [8] int32. `settings` is empty.
    """

    def loss(p, ids):
        rows = p["table"][ids]
        if faulty:
            rows = jnp.where(ids[:, None] == 0, lax.stop_gradient(rows), rows)  # here
        return jnp.mean((jnp.tanh(rows @ p["w"]) - 1) ** 2)

    return Example(loss, {"table": normal(310, 4, 3), "w": normal(311, 3, 2)}, (IDS,))


def threshold_far_below(faulty: bool) -> Example:
    """A learned pruning threshold is the sigmoid of -150.

    Args:
        faulty: True for this fault; False for the sound twin, whose threshold is the sigmoid of -3.

    Returns:
        An `Example`: `loss(params, ids)` returns a scalar. `params` is a dict with the leaves
        `table` [4, 3], `threshold` [3] and `w` [3, 2]. `args` has `ids` [8] int32. `settings` is
        empty.
    """

    def loss(p, ids):
        rows = p["table"][ids]
        size = jax.nn.relu(jnp.abs(rows) - jax.nn.sigmoid(p["threshold"])[None])
        return jnp.mean((jnp.sign(rows) * size @ p["w"] - 1) ** 2)

    params = {"table": normal(312, 4, 3), "w": normal(313, 3, 2)}
    return Example(loss, params | {"threshold": jnp.full(3, -150.0 if faulty else -3.0)}, (IDS,))


def hash_that_leaves_rows_out(faulty: bool) -> Example:
    """A hash never selects some rows: its factor and the number of rows share a divisor.

    Args:
        faulty: True for this fault; False for the sound twin, whose factor, 5, shares no divisor
            with the number of rows, 6.

    Returns:
        An `Example`: `loss(params, ids)` returns a scalar. `params` is a dict with the leaves
        `table` [6, 3] and `w` [3, 2]. `args` has `ids` [12] int32. `settings` is empty.
    """
    factor = 2 if faulty else 5

    def loss(p, ids):
        return jnp.mean((jnp.tanh(p["table"][factor * ids % 6] @ p["w"]) - 1) ** 2)

    params = {"table": normal(314, 6, 3), "w": normal(322, 3, 2)}
    return Example(loss, params, (jnp.arange(12),))


def learned_edges_of_bins(faulty: bool) -> Example:
    """The edges of the bins of a feature are parameters.

    Args:
        faulty: True for this fault; False for the sound twin, which adds up a sigmoid for each
            edge; with the fault, `searchsorted` selects the bin, which has no gradient.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `edges` [3] and `values` [4]. `args` has `x` [12]. `settings` is empty.
    """

    def loss(p, x):
        if faulty:
            values = p["values"][jnp.searchsorted(p["edges"], x)]  # here
        else:
            passed = jax.nn.sigmoid(4 * (x[:, None] - p["edges"][None]))
            values = p["values"][0] + passed @ jnp.diff(p["values"])
        return jnp.mean((values - x**2) ** 2)

    params = {"edges": jnp.array([-0.8, 0.1, 0.9]), "values": normal(323, 4)}
    return Example(loss, params, (normal(324, 12),))


FAULTS = [
    Fault("blocked", ("table",), padding_row_in_use, axis=(0, (0,)), report="ibalazevic/TuckER#17"),
    Fault(
        "vanishing",
        ("threshold",),
        threshold_far_below,
        report="ssui-liu/learnable-embed-sizes-for-RecSys#4",
    ),
    Fault(
        "disconnected", ("table",), hash_that_leaves_rows_out, axis=(0, (1, 3, 5)), held_out=True
    ),
    Fault("blocked", ("edges",), learned_edges_of_bins, held_out=True),
]
