"""Measures what a checkpoint costs training: `python -m tools.chaos.pause`.

It saves a state of `recovery`'s shapes three times while the processor is as busy as in training.
The loop waits at least during the call, which waits for the last save and copies the state.
It loses at most the time until the save has ended, though it works meanwhile. Both are given as a
share of the steps between two checkpoints.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax import build, load_config
from pgat_jax.data.columns import list_computed_columns
from pgat_jax.mesh import make_mesh
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.training.plan import Plan
from pgat_jax.training.snapshot import item_shapes

# Steps between two checkpoints, and seconds of one step of `recovery` on two cores.
STEPS, STEP_SECONDS = 100, 4.4
# Batches in an epoch of `recovery`; the shapes do not depend on it.
STEPS_PER_EPOCH = 389
# Side of the square matrices that keep the processor busy.
SIDE = 1536


def main() -> None:
    """Measures three saves and prints the figures as JSON.

    It takes no options. The figures are `bytes` (the size of what is saved), `call_s` and
    `done_after_s` (as `measure_save` returns them, for each save), and `share_call_s` and
    `share_done_after_s`, the largest of each as a share of the time between two checkpoints.
    """
    config = load_config("recovery")
    plan = Plan(build(config, list_computed_columns()), make_mesh(config), STEPS_PER_EPOCH)
    rng = np.random.default_rng(0)
    items = jax.tree.map(lambda leaf: fill(leaf, rng), item_shapes(plan))
    product = jax.jit(lambda x: jax.lax.fori_loop(0, 8, lambda _, y: jnp.tanh(y @ x), x))
    x = jnp.ones((SIDE, SIDE)) / SIDE

    def work() -> None:
        product(x).block_until_ready()

    work()
    with TemporaryDirectory() as folder, Checkpoints(Path(folder) / "c", create=True) as saver:
        saves = [measure_save(saver, step, items, work) for step in (100, 200, 300)]
    figures: dict[str, Any] = {"bytes": sum(leaf.nbytes for leaf in jax.tree.leaves(items))}
    for name in saves[0]:
        seconds = [save[name] for save in saves]
        figures |= {name: seconds, f"share_{name}": max(seconds) / (STEPS * STEP_SECONDS)}
    print(json.dumps(figures, indent=1))


def measure_save(
    saver: Checkpoints, step: int, items: dict[str, Any], work: Callable[[], None]
) -> dict[str, float]:
    """Measures one save in seconds: the call, and the time until it ends.

    Args:
        saver: the checkpoints of an open folder.
        step: training steps taken; each save needs a larger one.
        items: name -> pytree of arrays to save.
        work: called without arguments, again and again until the save has ended, as training
            would be.

    Returns:
        `call_s` (seconds of the call that starts the save) and `done_after_s` (seconds until the
        save has ended).
    """
    started = time.perf_counter()
    saver.save(step, items, {"validation_loss": 1.0 / step}, 1)
    call = time.perf_counter() - started
    save = threading.Thread(target=saver.wait)
    save.start()
    while save.is_alive():
        work()
    return {"call_s": round(call, 3), "done_after_s": round(time.perf_counter() - started, 3)}


def fill(leaf: jax.ShapeDtypeStruct, rng: np.random.Generator) -> jax.Array:
    """Makes an array: normal random numbers for a floating type, zeros for any other.

    Random numbers do not compress, so that the checkpoint stays large.

    Args:
        leaf: the shape and type.
        rng: draws the numbers.
    """
    if jnp.issubdtype(leaf.dtype, jnp.floating):
        return jnp.asarray(rng.standard_normal(leaf.shape, np.float32), leaf.dtype)
    return jnp.zeros(leaf.shape, leaf.dtype)


if __name__ == "__main__":
    main()
