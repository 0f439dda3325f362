"""Trains `tiny` on several meshes: `python -m tests.mesh_programs FOLDER [ADDRESS PROCESS]`.

For each case the program makes twenty updates and writes NAME.npz (losses, norms, parameters) and
NAME.txt (the compiled step). Without an address it needs eight devices; with an address it is one
of two processes with four devices each.
"""

import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax import build, load_config, load_data
from pgat_jax.data.windows import draw_epoch_order
from pgat_jax.mesh import make_mesh, replicate, replicated_sharding, state_shardings
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import TrainState, create_state, init_state
from pgat_jax.training.step import train_step

UPDATES = 20
ALONE = {
    "one": (1, 1, "float32"),
    "two": (2, 1, "float32"),
    "eight": (8, 1, "float32"),
    "one wide": (1, 1, "float64"),
    "cut wide": (2, 4, "float64"),
}
TOGETHER = {"processes": (8, 1, "float32")}


def first_state() -> TrainState:
    """Returns the state before the first update, the same to the last bit for all meshes."""
    config = configuration(8, 1)
    model = build(config, load_data(config).columns)
    return jax.device_get(create_state(Plan(model, make_mesh(config), UPDATES)))


def configuration(data: int, fsdp: int):
    keys = (f"mesh.data={data}", f"mesh.fsdp={fsdp}", "train.batch_size=8")
    return load_config("tiny", *keys, "train.accumulation=1", "train.clip_norm=0.5")


def train(first: TrainState, data: int, fsdp: int, dtype: str) -> tuple[dict[str, np.ndarray], str]:
    """Makes 20 updates on a mesh, of one step each.

    Returns:
        Name -> the metric of each update, or a vector of parameters after the last; and the text
        of the compiled step.
    """
    config = configuration(data, fsdp)
    table, mesh = load_data(config), make_mesh(config)
    plan = Plan(build(config, table.columns), mesh, UPDATES)

    def wide(tree):
        return jax.tree.map(lambda x: x.astype(dtype) if x.dtype == jnp.float32 else x, tree)

    rows = table.windows("train")
    order = rows[draw_epoch_order(0, 0, len(rows))][: UPDATES * config.train.batch_size]
    device, order = replicate(mesh, (table.device_table, order.astype(np.int32)))
    device = jax.jit(wide, out_shardings=replicated_sharding(mesh))(device)
    places = state_shardings(mesh, first)
    kinds = jax.eval_shape(partial(init_state, plan))  # its counts have the width of the case
    state = jax.tree.map(lambda x, kind: x.astype(kind.dtype), first, kinds)
    state = jax.jit(wide, out_shardings=places)(state)
    compiled = jax.jit(partial(train_step, plan), out_shardings=(places, replicated_sharding(mesh)))
    compiled = compiled.lower(state, device, order).compile()
    returned = []
    for _ in range(UPDATES):
        state, metrics = compiled(state, device, order)
        returned.append({k: np.asarray(x) for k, x in metrics.items() if k != "silence"})
    series = {name: np.stack([one[name] for one in returned]) for name in returned[0]}
    vectors = jax.tree_util.tree_leaves_with_path(state.params)
    params = {f"params/{jax.tree_util.keystr(path)}": np.asarray(x) for path, x in vectors}
    return series | params, compiled.as_text()


if __name__ == "__main__":
    folder, *process = sys.argv[1:]
    if process:
        jax.distributed.initialize(process[0], 2, int(process[1]))
    assert jax.device_count() == 8, jax.devices()
    first = first_state()
    for name, (data, fsdp, dtype) in (TOGETHER if process else ALONE).items():
        with jax.enable_x64(dtype == "float64"):
            arrays, text = train(first, data, fsdp, dtype)
        if jax.process_index() == 0:
            np.savez(Path(folder) / f"{name}.npz", **arrays)
            (Path(folder) / f"{name}.txt").write_text(text)
