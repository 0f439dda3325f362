"""Twenty updates of `tiny` on meshes: `python -m tests.mesh_programs FOLDER [ADDRESS PROCESS]`.

For each case it writes NAME.npz (losses, norms, parameters) and NAME.txt (the compiled program).
Alone it needs eight devices; with an address it is one of two processes with four each.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax import build, load_config, load_data
from pgat_jax.data.windows import epoch_order
from pgat_jax.mesh import cut, everywhere, make_mesh, spread
from pgat_jax.training.step import TrainState, make_step

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
    """The state before the first update, made once for all meshes: the same to the last bit."""
    config = configuration(8, 1)
    model = build(config, load_data(config).columns)
    return jax.device_get(make_step(model, UPDATES)[1]())


def configuration(data: int, fsdp: int):
    keys = (f"mesh.data={data}", f"mesh.fsdp={fsdp}", "train.batch_size=8")
    return load_config("tiny", *keys, "train.accumulation=1", "train.clip_norm=0.5")


def train(first: TrainState, data: int, fsdp: int, dtype: str) -> tuple[dict[str, np.ndarray], str]:
    """What 20 updates on a mesh return and leave, by name, and the compiled step.

    A step is an update.
    """
    config = configuration(data, fsdp)
    table, mesh = load_data(config), make_mesh(config)
    step, start = make_step(build(config, table.columns), UPDATES)

    def wide(tree):
        return jax.tree.map(lambda x: x.astype(dtype) if x.dtype == jnp.float32 else x, tree)

    rows = table.windows("train")
    order = rows[epoch_order(0, 0, len(rows))][: UPDATES * config.train.batch_size]
    device, order = spread(mesh, (table.device_table, order.astype(np.int32)))
    device = jax.jit(wide, out_shardings=everywhere(mesh))(device)
    places, kinds = cut(mesh, first), jax.eval_shape(start)  # its counts have the width of the case
    state = jax.tree.map(lambda x, kind: x.astype(kind.dtype), first, kinds)
    state = jax.jit(wide, out_shardings=places)(state)
    compiled = jax.jit(step, out_shardings=(places, everywhere(mesh)))
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
