"""Compiles the programs of a configuration for a chip that is not there, and reads what they cost.

Nothing runs. The figures are those of the compiled program: what caches serve, what overlaps and
what a chip would tune are not in them.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.experimental import topologies
from jax.sharding import Mesh

from pgat_jax.bench.collectives import find_collectives, sum_bytes
from pgat_jax.bench.compile_cache import disable_compile_cache
from pgat_jax.bench.flops import count_flops_by_type
from pgat_jax.bench.modules import sum_by_module
from pgat_jax.bench.program import CompiledProgram, parse_program
from pgat_jax.bench.roofline import compute_bounds, look_up_peaks
from pgat_jax.bench.targets import TARGETS, split_target
from pgat_jax.bench.traffic import count_bytes, count_kernels, hide_on_chip
from pgat_jax.config import Config
from pgat_jax.data.batch import batch_shapes
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data
from pgat_jax.errors import UserError
from pgat_jax.mesh import make_mesh, replicated_sharding
from pgat_jax.model.build import build
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.state import state_shapes
from pgat_jax.training.step import compile_step, train_step
from pgat_jax.training.validation import compile_losses

# Parts of the names of the library calls and kernels that compute a whole attention.
FUSED = ("fmha", "flash", "splash", "attention")
# Modules that the figures list.
MODULES = 10


def measure_target(config: Config, target: str) -> dict[str, Any]:
    """Compiles training step, validation and forecast for a chip, and reads what they cost.

    Args:
        config: the configuration.
        target: the value of `--target`, such as `h200` or `v5e:2x2`; `prepare_target` was called
            with it before JAX was imported.

    Returns:
        Key -> number, text, or a mapping of such, among them `target`, `step_kernels`, `step_gb`,
        `temporary_gb`, `step_tflop`, `bound_s` and `share_of_peak`. All bytes and kernels are those
        of one device.

    Raises:
        UserError: the target is unknown or its compiler refuses it, the table cannot be read, or
            the mesh does not fit the devices.
    """
    with disable_compile_cache():
        plan, data = _plan(config, target)
        table, platform = _table_shapes(plan, data), TARGETS[split_target(target)[0]].platform
        return _measure_step(plan, table, target) | {
            "validation": _summarize(_compile_validation(plan, data, table), platform),
            "forecast": _summarize(_compile_forecast(plan), platform),
        }


def measure_target_step(config: Config, target: str) -> dict[str, Any]:
    """Does the same as `measure_target`, for the training step alone.

    Args:
        config: the configuration.
        target: as in `measure_target`.

    Raises:
        UserError: as `measure_target`.
    """
    with disable_compile_cache():
        plan, data = _plan(config, target)
        return _measure_step(plan, _table_shapes(plan, data), target)


def open_devices(target: str) -> list[Any]:
    """Returns devices that programs can be compiled for, and that run nothing.

    Args:
        target: the value of `--target`.

    Returns:
        The chips of the topology after the colon, or one chip.

    Raises:
        UserError: the target is unknown, or its compiler does not know the topology.
    """
    name, chips = split_target(target)
    try:
        with _hide_missing_driver():
            devices = list(_describe(name, chips).devices)
    except (jax.errors.JaxRuntimeError, NotImplementedError, ValueError) as error:
        raise UserError(f"--target {target}: its compiler refuses it: {error}") from None
    return devices if chips else devices[:1]


def _describe(name: str, chips: str) -> Any:
    kind = TARGETS[name]
    if kind.facts is None:
        shape = f"{name}:{chips or kind.topology}"
        return topologies.get_topology_desc(platform="tpu", topology_name=shape)
    return topologies.get_topology_desc(
        platform="cuda",
        topology_name="",
        target_config=kind.facts.as_text(),
        topology=f"1x1x{chips or 1}",
    )


@contextmanager
def _hide_missing_driver() -> Iterator[None]:
    """Silences JAX's message that the plugin found no driver, which is not needed here."""
    log = logging.getLogger("jax._src.xla_bridge")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _plan(config: Config, target: str) -> tuple[Plan, Data]:
    data, mesh = load_data(config), make_mesh(config, open_devices(target))
    return Plan(build(config, data.columns), mesh, count_steps(config, data)), data


def _table_shapes(plan: Plan, data: Data) -> Any:
    return _on_mesh(plan.mesh, jax.eval_shape(lambda: data.device_table))


def _measure_step(plan: Plan, table: Any, target: str) -> dict[str, Any]:
    config, kind = plan.config, TARGETS[split_target(target)[0]]
    began = time.perf_counter()
    compiled = compile_step(plan, table)
    seconds = time.perf_counter() - began
    program = read_program(compiled, kind.platform)
    flops = _count_step_flops(plan, table)
    total = sum(flops.values()) / plan.mesh.size
    sent = sum_bytes(find_collectives(parse_program(compiled.as_text())))  # on chip or not
    moved, kernels = count_bytes(program), count_kernels(program)
    peaks = look_up_peaks(kind.chip, config.train.precision)
    bounds = compute_bounds(total, moved, kernels, peaks)
    return {
        "target": target,
        "device": kind.chip,
        "devices": plan.mesh.size,
        "precision": config.train.precision,
        "batch_size": config.train.batch_size,
        "step_kernels": kernels,
        "step_gb": moved / 1e9,
        **_describe_memory(compiled),
        "step_tflop": total / 1e12,
        "step_tflop_by_type": {k: n / plan.mesh.size / 1e12 for k, n in flops.items()},
        "fused_attention_kernels": count_fused_attention(program),
        "step_sent_gb": {name: size / 1e9 for name, size in sent.items()},
        "compute_bound_s": bounds.compute,
        "memory_bound_s": bounds.memory,
        "launch_bound_s": bounds.launch,
        "bound_s": max(bounds),
        "verdict": f"{bounds.limit} bound",
        "share_of_peak": bounds.compute / max(bounds),
        "peak_gflops": peaks.flops / 1e9,
        "peak_gb_s": peaks.bytes / 1e9,
        "peak_source": peaks.source,
        "compile_s": seconds,
        "modules_gb": _list_largest(sum_by_module(program)),
    }


def read_program(compiled: Any, platform: str) -> CompiledProgram:
    """Parses a compiled program; what a TPU keeps in the memory of its cores counts no bytes.

    Args:
        compiled: a compiled function.
        platform: `cuda` or `tpu`.
    """
    text = compiled.as_text()
    return parse_program(hide_on_chip(text) if platform == "tpu" else text)


def count_fused_attention(program: CompiledProgram) -> int:
    """Counts the kernels that compute a whole attention, loops counted.

    Args:
        program: a parsed program.
    """
    return sum(
        times
        for line, _, times in program.instructions()
        if line.opcode == "custom-call" and any(part in line.target for part in FUSED)
    )


def _on_mesh(mesh: Mesh, tree: Any) -> Any:
    whole = replicated_sharding(mesh)
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=whole), tree)


def _count_step_flops(plan: Plan, table: Any) -> dict[str, int]:
    size = plan.steps_per_epoch * plan.config.train.batch_size
    order = jax.ShapeDtypeStruct((size,), np.int32)
    return count_flops_by_type(partial(train_step, plan), state_shapes(plan), table, order)


def _compile_validation(plan: Plan, data: Data, table: Any) -> Any:
    share, windows = plan.mesh.size, len(data.windows("validation"))
    size = -(-min(plan.config.train.batch_size, windows) // share) * share
    return compile_losses(plan, size, table)


def _compile_forecast(plan: Plan) -> Any:
    shapes = _on_mesh(plan.mesh, batch_shapes(plan.config, plan.model.columns, 1))
    return plan.model.apply.lower(plan.model, plan.param_shapes, shapes).compile()


def _describe_memory(compiled: Any) -> dict[str, float]:
    memory = compiled.memory_analysis()
    return {
        "temporary_gb": memory.temp_size_in_bytes / 1e9,
        "arguments_gb": memory.argument_size_in_bytes / 1e9,
        "peak_memory_gb": (
            memory.temp_size_in_bytes
            + memory.argument_size_in_bytes
            + memory.output_size_in_bytes
            - memory.alias_size_in_bytes
        )
        / 1e9,
    }


def _summarize(compiled: Any, platform: str) -> dict[str, float]:
    program = read_program(compiled, platform)
    cost = {"kernels": count_kernels(program), "gb": count_bytes(program) / 1e9}
    return cost | _describe_memory(compiled)


def _list_largest(sizes: dict[str, int]) -> dict[str, float]:
    ranked = sorted(sizes.items(), key=lambda item: -item[1])
    return {name: size / 1e9 for name, size in ranked[:MODULES]}
