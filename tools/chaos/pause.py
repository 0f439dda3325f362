"""What a checkpoint costs training: ``python -m tools.chaos.pause``.

A state of ``recovery``'s shapes is saved three times while the processor is kept busy, as by
training. For certain the loop stands still during the call (it waits for the save before, and
copies the state); at most it loses all the time until the save is done, though it goes on
meanwhile. Both are given as a share of the steps between two checkpoints.
"""

import json
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax import build, load_config
from pgat_jax.data.columns import computed_columns
from pgat_jax.runs.checkpoint import Checkpoints
from pgat_jax.training.snapshot import items_of
from pgat_jax.training.step import state_shapes

STEPS, STEP_SECONDS = 100, 4.4
"""Between two checkpoints; of one step of ``recovery`` on two cores."""


def main() -> None:
    """Print the figures as JSON."""
    model = build(load_config("recovery"), computed_columns())
    items = jax.eval_shape(partial(items_of, model), state_shapes(model, 389))
    rng = np.random.default_rng(0)
    items = jax.tree.map(lambda leaf: filled(leaf, rng), items)
    work = jax.jit(lambda x: jax.lax.fori_loop(0, 8, lambda _, y: jnp.tanh(y @ x), x))
    x = jnp.ones((1536, 1536)) / 1536
    work(x).block_until_ready()
    with TemporaryDirectory() as folder, Checkpoints(Path(folder) / "c", create=True) as kept:
        saves = [
            measured(kept, step, items, lambda: work(x).block_until_ready())
            for step in (100, 200, 300)
        ]
    figures: dict[str, Any] = {"bytes": sum(leaf.nbytes for leaf in jax.tree.leaves(items))}
    for name in saves[0]:
        found = [save[name] for save in saves]
        figures |= {name: found, f"share_{name}": max(found) / (STEPS * STEP_SECONDS)}
    print(json.dumps(figures, indent=1))


def measured(kept: Checkpoints, step: int, items: Any, work: Any) -> dict[str, float]:
    """Seconds of one save: the call, and until it is done with work beside it."""
    began = time.perf_counter()
    call = seconds(lambda: kept.save(step, items, {"validation_loss": 1.0 / step}, 1))
    while kept._pending is not None and not kept._pending.done():
        work()
    return {"call_s": round(call, 3), "done_after_s": round(time.perf_counter() - began, 3)}


def seconds(work: Any) -> float:
    """Wall-clock time of a call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def filled(leaf: jax.ShapeDtypeStruct, rng: np.random.Generator) -> jax.Array:
    """An array of a shape and type, of numbers that do not compress well."""
    if jnp.issubdtype(leaf.dtype, jnp.floating):
        return jnp.asarray(rng.standard_normal(leaf.shape, np.float32), leaf.dtype)
    return jnp.zeros(leaf.shape, leaf.dtype)


if __name__ == "__main__":
    main()
