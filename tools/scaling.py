"""Computes what a training step costs from its sizes: the formulas of docs/scaling.md.

`python -m tools.scaling [NAME] [key.sub=value ...]` prints the formulas for a configuration beside
the figures of its compiled step. The letters are those of `pgat_jax.model`.
"""

import json
import sys

import jax
import jax.numpy as jnp

from pgat_jax import build, load_config
from pgat_jax.bench.collectives import find_collectives, sum_bytes
from pgat_jax.bench.flops import count_flops
from pgat_jax.bench.program import parse_program
from pgat_jax.bench.traffic import count_bytes, count_kernels
from pgat_jax.config import Config
from pgat_jax.data.batch import batch_shapes
from pgat_jax.data.calendar import FEATURES
from pgat_jax.data.columns import TARGETS, Columns, list_computed_columns
from pgat_jax.data.windows import DeviceTable
from pgat_jax.mesh import make_mesh, replicated_sharding
from pgat_jax.names import BODIES
from pgat_jax.training.plan import Plan
from pgat_jax.training.step import compile_step

# Sizes at which the test compares the formulas with the program.
SIZES = {
    "tiny": ("tiny",),
    "laptop": ("laptop",),
    "recovery": ("recovery",),
    "twice the window": ("recovery", "data.seq_len=500", "data.label_len=250"),
    "half the width": ("recovery", "model.d_model=208", "model.channels=16", "model.d_ff=512"),
    "twice the depth": ("recovery", "model.e_layers=16", "model.d_layers=8"),
}


def compute_forward_flops(config: Config, columns: Columns, batch: int) -> int:
    """Computes the operations of a forward pass's products, with point head and bypass.

    Args:
        config: the configuration.
        columns: the layout of the input columns.
        batch: B, the number of windows in a batch.

    Returns:
        Operations, 2 for each multiply-add.
    """
    m, d = config.model, config.data
    S, P, L = d.seq_len, d.pred_len, d.label_len
    LP, N, T, G = L + P, len(BODIES), len(TARGETS), len(FEATURES)
    C, D, E, H, F = m.channels, m.d_model, m.edge_width, m.n_heads, m.fusion_width
    V, J = len(columns.names), max(len(columns.of_body(n)) for n in range(N))
    I, R = D // 4, 15 * T  # noqa: E741
    tables = 12 * N * J * C**2 + 8 * N * J**2 * C + 2 * N * D * (E + I)  # once, for any batch
    phase = 4 * S * N * J * C + 12 * S * N * C**2 + 4 * S * N * C * E
    phase += S * N**2 * (14 * E + 4 * C)
    embed = 6 * D * (S * (D + T + 1) + LP * V) + 2 * D * G * (S + LP)
    nodes = 2 * S * D * E + 12 * S * N**2 * E
    fusion = 4 * S * N * D * I + 8 * S * D * F + 4 * S * H * N * D
    gate = 6 * S * D**2
    petri = 8 * S * N * C * E + S * N**2 * 26 * E + 2 * S * D * C + 8 * S * C
    petri += 2 * (12 * S * N * C**2 + S * N**2 * (4 * C + 2 * E**2 + 2 * E) + 4 * S * N * C * E)
    petri += 16 * S * N * C**2 + 4 * S**2 * D + 4 * S * N**2 * C + 2 * S * D**2
    attend = 2 * S * N**2 * E**2
    attend += m.e_layers * (S * (8 * D**2 + 4 * D * m.d_ff + 2 * E * H) + 4 * S**2 * D)
    decode = m.d_layers * (28 * LP * D**2 + 4 * S * D**2 + 4 * LP * (LP + S) * D)
    decode += 30 * L * S * T + 2 * LP * R * D + 8 * LP * D**2 + 4 * S * D**2
    decode += P * (14 * D**2 + 4 * (LP + S) * D + 2 * D * T)
    return tables + batch * (phase + embed + nodes + fusion + gate + petri + attend + decode)


def compute_step_flops(config: Config, columns: Columns) -> int:
    """Computes the operations of a training step's products: three times a forward pass.

    The backward pass costs two forward passes. The batch is that of `config.train.batch_size`.

    Args:
        config: the configuration.
        columns: the layout of the input columns.
    """
    return 3 * compute_forward_flops(config, columns, config.train.batch_size)


def compute_sent_bytes(parameters: int, data: int, fsdp: int) -> float:
    """Computes the bytes that each device of a ring sends in a step, in float32.

    The gradient is all-reduced, which sends 2 (n - 1)/n of it. If the parameters are sharded, they
    are gathered, which sends (f - 1)/f of them.

    Args:
        parameters: the number of parameters.
        data: the number of devices that share the batch; n is data times fsdp.
        fsdp: f, the number of devices that share the parameters.

    Returns:
        Bytes.
    """
    n, f = data * fsdp, fsdp
    return 4 * parameters * (2 * (n - 1) / n + (f - 1) / f)


def count_parameters(config: Config, columns: Columns) -> int:
    """Counts the numbers that the model learns.

    Args:
        config: the configuration.
        columns: the layout of the input columns.
    """
    shapes = jax.eval_shape(build(config, columns).init, jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def count_program_flops(config: Config, columns: Columns, batch: int) -> tuple[int, int]:
    """Counts the operations of the program's own products.

    Args:
        config: the configuration.
        columns: the layout of the input columns.
        batch: B, the number of windows in a batch.

    Returns:
        The operations of a forward pass, and those of the loss and its gradient.
    """
    model = build(config, columns)
    params = jax.eval_shape(model.init, jax.random.key(0))
    shapes = batch_shapes(config, columns, batch)
    gradient = jax.grad(lambda p, b: model.loss(p, b, jax.random.key(0))[0])
    return count_flops(model.apply, params, shapes), count_flops(gradient, params, shapes)


def compare(*keys: str) -> dict[str, float]:
    """Compares the formulas with the compiled step of a configuration, on the present devices.

    Args:
        *keys: the name of a configuration, then overrides `key.sub=value`.

    Returns:
        Name of a figure with its unit, such as `step GFLOP, formula` -> its value: devices,
        parameters, operations, bytes and kernels, by the formula and in the program.
    """
    config, columns = load_config(*keys), list_computed_columns()
    mesh, steps, days = make_mesh(config), 10, 2000
    table = jax.eval_shape(
        lambda: DeviceTable(
            values=jnp.zeros((days, len(columns.names))),
            phase=jnp.zeros((days, len(BODIES), 4)),
            calendar=jnp.zeros((days, len(FEATURES))),
        )
    )
    table = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=replicated_sharding(mesh)), table
    )
    compiled = compile_step(Plan(build(config, columns), mesh, steps), table)
    program, count = parse_program(compiled.as_text()), count_parameters(config, columns)
    gradient = count_program_flops(config, columns, config.train.batch_size)[1]
    sent = sum_bytes(find_collectives(program))
    return {
        "devices": mesh.size,
        "parameters": count,
        "step GFLOP, formula": compute_step_flops(config, columns) / 1e9,
        "step GFLOP, program": gradient / 1e9,
        "GFLOP without loops, XLA, all devices": mesh.size
        * compiled.cost_analysis()["flops"]
        / 1e9,
        "GB read and written, a device": count_bytes(program) / 1e9,
        "kernels": count_kernels(program),
        "GB of its own, a device": compiled.memory_analysis().temp_size_in_bytes / 1e9,
        "MB all-reduced, formula": 4e-6 * count * (mesh.size > 1),
        "MB all-reduced, program": sent.get("all-reduce", 0) / 1e6,
        "MB gathered, program": sent.get("all-gather", 0) / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(compare(*(sys.argv[1:] or SIZES["tiny"])), indent=1))
