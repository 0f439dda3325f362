"""Faults in sequences: rotary angles, a ring of devices, padding."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from benchmarks.faults.registry import Example, Fault, normal

X = normal(470, 6, 4)


def _turned(x, angles):
    """Rotates each pair of features by the angle of its row."""
    first, second = jnp.split(x, 2, -1)
    cos, sin = jnp.cos(angles)[:, None], jnp.sin(angles)[:, None]
    return jnp.concatenate([first * cos - second * sin, first * sin + second * cos], -1)


def offset_of_all_angles(faulty: bool) -> Example:
    """Rotary positions act by their differences, which a common offset does not change.

    Args:
        faulty: True for this fault; False for the sound twin, which adds the offset to the angles
            of the queries only.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `offset` (scalar), `out` [4, 2] and `query` [4, 4]. `args` has `x` [6, 4].
        `settings` is empty.
    """
    places = jnp.arange(6.0)

    def loss(p, x):
        q = _turned(x @ p["query"], 0.5 * places + p["offset"])
        k = _turned(x @ p["key"], 0.5 * places + (p["offset"] if faulty else 0.0))
        return jnp.mean((jax.nn.softmax(q @ k.T) @ x @ p["out"] - 1) ** 2)

    params = {"query": normal(471, 4, 4), "key": normal(472, 4, 4), "out": normal(473, 4, 2)}
    return Example(loss, params | {"offset": jnp.float32(0.7)}, (X,))


def ring_of_stopped_blocks(faulty: bool) -> Example:
    """Keys and values pass along a ring of devices, and their gradient does not return.

    Args:
        faulty: True for this fault; False for the sound twin, without the `stop_gradient`.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `query` [4, 4] and `value` [4, 4]. `args` has `x` [6, 4]. `settings` is empty.
    """
    mesh = Mesh(np.array(jax.devices()[:1]), ("ring",))

    def attended(q, k, v):
        blocks = k, v
        if faulty:
            blocks = lax.stop_gradient(blocks)  # here
        k, v = (lax.ppermute(block, "ring", [(0, 0)]) for block in blocks)
        weights = jnp.exp(q @ k.T / 4)
        return weights @ v / weights.sum(-1, keepdims=True)

    shards = PartitionSpec("ring")
    ring = jax.shard_map(attended, mesh=mesh, in_specs=(shards,) * 3, out_specs=shards)

    def loss(p, x):
        made = ring(*(x @ p[name] for name in ("query", "key", "value")))
        return jnp.mean((made - 1) ** 2)

    names = ("query", "key", "value")
    return Example(loss, {name: normal(474 + i, 4, 4) for i, name in enumerate(names)}, (X,))


def places_of_padding(faulty: bool) -> Example:
    """A table of positions is longer than any sequence of this batch.

    Args:
        faulty: True for this fault; False for the sound twin, in whose batch one sequence has the
            full length, 6.

    Returns:
        An `Example`: `loss(params, x, mask)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2], `places` [6, 3] and `w` [4, 3]. `args` has `x` [3, 6, 4] and
        `mask` [3, 6] bool. `settings` is empty.
    """
    lengths = jnp.array([4, 2, 3] if faulty else [6, 2, 5])
    mask = jnp.arange(6)[None] < lengths[:, None]

    def loss(p, x, mask):
        h = jnp.tanh(x @ p["w"] + p["places"][None]) * mask[..., None]
        return jnp.mean((h.sum(1) @ p["out"] - 1) ** 2)

    params = {"w": normal(477, 4, 3), "places": normal(478, 6, 3), "out": normal(479, 3, 2)}
    return Example(loss, params, (normal(480, 3, 6, 4), mask))


FAULTS = [
    Fault("invariant", ("offset",), offset_of_all_angles, held_out=True),
    Fault("blocked", ("key", "value"), ring_of_stopped_blocks, held_out=True),
    Fault("unvisited", ("places",), places_of_padding, axis=(0, (4, 5)), held_out=True),
]
