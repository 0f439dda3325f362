"""Measures the celestial path by two diagnostics that the PyTorch original's documents recommend.

The documents are `CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md` and
`CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md`. `gradient_trail` is part of every training step's
metrics. `compare_gates` is for a user with a trained model; training does not call it. The module
depends on the model alone.
"""

from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.data.batch import Batch
from pgat_jax.model.build import Model, Params

# Station of the celestial path, from the loss inwards -> the leaf whose gradient is measured there.
# The stations are keys of metrics.jsonl and titles of pictures: keep them, or old runs lose their
# curves. The paths follow the names of the model's modules: change both together.
TRAIL = {
    "gate": "gate/mlp/out/kernel",
    "output": "fusion/output/kernel",
    "value": "fusion/value_kernel",
    "key": "fusion/key_kernel",
    "query": "fusion/query/kernel",
    "bodies": "fusion/bodies/in_kernel",
    "embedding": "nodes/embedding",
}
# Values of `model.gate`: the gate as learned, fixed at 1, fixed at 0.
GATES = ("sigmoid", "open", "closed")


def gradient_trail(gradients: Params) -> dict[str, jax.Array]:
    """Computes the norm of the gradient of each leaf of the celestial path that the model has.

    The places are `gate`, `output`, `value`, `key`, `query`, `bodies` and `embedding`, from the
    loss inwards; `TRAIL` names their leaves.

    Args:
        gradients: nested dict of gradients, with the structure of the parameters.

    Returns:
        Name of a place in `TRAIL` -> Euclidean norm, in the order of `TRAIL`.
    """
    leaves = {station: _find_leaf(gradients, path) for station, path in TRAIL.items()}
    return {s: jnp.linalg.norm(leaf.ravel()) for s, leaf in leaves.items() if leaf is not None}


def compare_gates(model: Model, params: Params, batch: Batch) -> dict[str, float]:
    """Computes the loss of a batch with each of `GATES`, without dropout.

    If the open gate has a much lower loss than the learned one, the gate is the bottleneck. The
    difference between the closed gate and the learned one is what the celestial path is worth.

    Args:
        model: the model, with a learned gate (`model.gate=sigmoid`).
        params: its parameters.
        batch: the windows.

    Returns:
        `sigmoid` (the gate as learned), `open` (fixed at 1) and `closed` (fixed at 0) -> loss.
    """
    losses = {}
    for gate in GATES:
        changed = model.config.model.model_copy(update={"gate": gate})
        config = model.config.model_copy(update={"model": changed})
        losses[gate] = float(Model(config, model.columns).loss(params, batch)[0])
    return losses


def _find_leaf(tree: Any, path: str) -> Any:
    for part in path.split("/"):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree
