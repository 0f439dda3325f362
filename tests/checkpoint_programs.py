"""A program for two processes that save and restore a vector, which four devices share.

Arguments: FOLDER ADDRESS PROCESS. The first process damages the newest checkpoint between saving
and restoring. Each process prints the step and the parts of the vector that it restored.
"""

import sys
from pathlib import Path

import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.manifest import MANIFEST


def items_at(step: int, mesh) -> dict:
    own = step + 4 * jax.process_index() + np.arange(4, dtype=np.float32)
    vector = jax.make_array_from_process_local_data(NamedSharding(mesh, P("fsdp")), own, (8,))
    scalar = jax.make_array_from_process_local_data(NamedSharding(mesh, P()), np.int32(step), ())
    return {"params": {"vector": vector}, "training": {"step": scalar}}


def run(folder: Path) -> str:
    mesh = jax.make_mesh((4,), ("fsdp",), axis_types=(AxisType.Auto,))
    like = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), items_at(0, mesh)
    )
    with Checkpoints(folder, create=True) as checkpoints:
        for step in (10, 20, 30):
            checkpoints.save(step, items_at(step, mesh), {}, keep_every=10)
    if jax.process_index() == 0:
        (folder / "30" / MANIFEST).unlink()
    with Checkpoints(folder, create=True) as checkpoints:
        step, items, _ = checkpoints.restore(lambda meta: like, lambda line: None)
        checkpoints.set_aside_after(step)
        checkpoints.save(30, items_at(31, mesh), {}, keep_every=10)
    shards = items["params"]["vector"].addressable_shards
    return f"{step} {[float(x) for shard in shards for x in shard.data]}"


if __name__ == "__main__":
    jax.distributed.initialize(sys.argv[2], 2, int(sys.argv[3]))
    print(run(Path(sys.argv[1])))
