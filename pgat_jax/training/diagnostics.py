"""The diagnostics that the texts recommend, as functions: trail of gradients, forced gates."""

from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.data.batch import Batch
from pgat_jax.model.build import Model, Params

TRAIL = {
    "gate": "gate/mlp/out/kernel",
    "output": "fusion/output/kernel",
    "value": "fusion/value_kernel",
    "key": "fusion/key_kernel",
    "query": "fusion/query/kernel",
    "bodies": "fusion/bodies/in_kernel",
    "embedding": "nodes/embedding",
}
"""Station of the celestial path, from the loss inwards -> the leaf whose gradient is read there."""
GATES = ("sigmoid", "open", "closed")


def gradient_trail(gradients: Params) -> dict[str, jax.Array]:
    """Norm of the gradient at each station of ``TRAIL`` that the model has."""
    found = {station: _leaf_at(gradients, path) for station, path in TRAIL.items()}
    return {s: jnp.linalg.norm(leaf.ravel()) for s, leaf in found.items() if leaf is not None}


def forced_gates(model: Model, params: Params, batch: Batch) -> dict[str, float]:
    """Loss of a batch with the gate as learned, forced open and forced closed; no dropout.

    Open beside learned tells whether the gate is the bottleneck; closed beside learned tells what
    the celestial path is worth to this model.
    """
    losses = {}
    for gate in GATES:
        forced = model.config.model.model_copy(update={"gate": gate})
        config = model.config.model_copy(update={"model": forced})
        losses[gate] = float(Model(config, model.columns).loss(params, batch)[0])
    return losses


def _leaf_at(tree: Any, path: str) -> Any:
    for part in path.split("/"):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree
