"""What a checkpoint costs training: ``python -m tests.chaos.pause``, a minute on an idle machine.

A state of ``recovery``'s shapes is saved while the processor is kept busy, as by training. The
pause is the time in which the loop stands still (it waits for the last save and copies the state)
and what the work beside a save takes longer. Saves go to a temporary folder.
"""

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax import build, load_config
from pgat_jax.checkpoint import Checkpoints
from pgat_jax.data.columns import computed_columns
from pgat_jax.snapshot import items_of
from pgat_jax.step import state_shapes

STEPS, STEP_SECONDS = 100, 4.4
"""Between two checkpoints; of one step of ``recovery`` on two cores."""


def main() -> None:
    """Print the figures as JSON."""
    model = build(load_config("recovery"), computed_columns())
    items = items_of(state_shapes(model, 389))
    rng = np.random.default_rng(0)
    items = jax.tree.map(lambda leaf: filled(leaf, rng), items)
    work = jax.jit(lambda x: jax.lax.fori_loop(0, 8, lambda _, y: jnp.tanh(y @ x), x))
    x = jnp.ones((1536, 1536)) / 1536
    work(x).block_until_ready()
    with TemporaryDirectory() as folder, Checkpoints(Path(folder) / "c", create=True) as kept:
        alone = statistics.median(seconds(lambda: work(x).block_until_ready()) for _ in range(15))
        found = [
            measured(kept, step, items, lambda: work(x).block_until_ready(), alone)
            for step in (100, 200, 300)
        ]
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(items))
    best = min(found, key=lambda one: one["pause_s"])
    share = best["pause_s"] / (STEPS * STEP_SECONDS)
    print(json.dumps({"bytes": size, "saves": found, "share_of_step_time": share}, indent=1))


def measured(kept: Checkpoints, step: int, items: Any, work: Any, alone: float) -> dict[str, float]:
    """Seconds of one save: the call, until it is done, and what the work beside it lost."""
    began, processor = time.perf_counter(), time.process_time()
    call = seconds(lambda: kept.save(step, items, {"validation_loss": 1.0 / step}, 1))
    rounds = 0
    while kept._pending is not None and not kept._pending.done():
        work()
        rounds += 1
    whole, used = time.perf_counter() - began, time.process_time() - processor
    return {
        "call_s": round(call, 3),
        "done_after_s": round(whole, 3),
        "processor_s_of_saving": round(used - rounds * alone * 2, 3),
        "pause_s": round(whole - rounds * alone, 3),
    }


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
