"""Measures what a configuration costs on this machine, and prints it as a table or as JSON."""

import json
import statistics
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from pgat_jax.bench.collectives import find_collectives, sum_bytes
from pgat_jax.bench.compile_cache import disable_compile_cache
from pgat_jax.bench.flops import count_flops
from pgat_jax.bench.peak_memory import measure_peak_memory
from pgat_jax.bench.program import parse_program
from pgat_jax.bench.roofline import SIDE, compute_bounds, find_peaks, make_product, time_call
from pgat_jax.bench.traffic import count_bytes, count_kernels
from pgat_jax.config import Config
from pgat_jax.data.loading import load_data
from pgat_jax.data.windows import draw_epoch_order
from pgat_jax.mesh import make_mesh, replicate
from pgat_jax.model.build import build
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import create_state, table_shapes, unpack_params
from pgat_jax.training.step import compile_step, train_step

# Timed steps; one step before them is not timed.
STEPS = 5
# Steps that are traced after the timed ones.
TRACED = 3
# What stands in the place of a figure that the system does not count.
UNKNOWN = "unknown"

# Key of the JSON -> what it is.
MEANINGS = {
    "device": "device",
    "devices": "devices that share a step",
    "precision": "type of the activations",
    "parameters": "parameters",
    "forward_gflop_per_sample": "forward GFLOP a sample (products only)",
    "step_tflop": "TFLOP a training step, on all devices",
    "step_gb": "GB that a training step reads and writes, on one device",
    "step_kernels": "kernels that a training step starts, on one device",
    "step_sent_gb": "GB of the results that a training step receives from other devices",
    "peak_memory_gb": "peak memory of a training step, GB",
    "temporary_gb": "of that, the compiled step's own arrays, GB",
    "compile_s": "compile of the training step, cold, s",
    "step_s": "training step, median, s",
    "step_spread_s": "slowest minus fastest step, s",
    "sample_s": "a sample, s",
    "achieved_gflops": "achieved, GFLOP/s of one device",
    "matmul_gflops": f"product of two {SIDE} x {SIDE} matrices in the same run, GFLOP/s",
    "share_of_matmul_peak": "achieved / that product",
    "peak_gflops": "peak of one device, GFLOP/s",
    "peak_gb_s": "peak of its memory, GB/s",
    "peak_source": "source of the peaks",
    "share_of_peak": "achieved / peak",
    "compute_bound_s": "the step's operations at the peak, s",
    "memory_bound_s": "its bytes at the peak of memory, if no cache holds any, s",
    "launch_bound_s": "the start of its kernels, s",
    "verdict": "what limits the step: the longest of the three",
    "forecast_ms": "forecast of one window, median, ms",
}


def bench(config: Config, as_json: bool = False, profile: Path | None = None) -> dict[str, Any]:
    """Measures a configuration and prints the figures on standard output.

    Args:
        config: the configuration.
        as_json: True prints JSON and nothing else, False a table.
        profile: a folder for a trace of three steps, for TensorBoard, Perfetto or XProf.

    Returns:
        The figures, as `measure` returns them.

    Raises:
        UserError: the table cannot be read, or the mesh does not fit the devices.
    """
    console = Console(stderr=True)
    with console.status("compiling and timing; about a minute at full size"):
        figures = measure(config, profile)
    if as_json:
        print(json.dumps(figures, indent=2, allow_nan=False))
        return figures
    table = Table("what", "figure", title=f"bench {config.name}, batch {config.train.batch_size}")
    for key, value in figures.items():
        table.add_row(MEANINGS[key], value if isinstance(value, str) else f"{value:,.4g}")
    Console().print(table)
    return figures


def measure(config: Config, profile: Path | None = None) -> dict[str, Any]:
    """Measures what a training step costs on this machine, without the persistent compile cache.

    Args:
        config: the configuration.
        profile: a folder for a trace of three steps.

    Returns:
        Key of `MEANINGS` -> number or text, among them `device`, `parameters`, `step_tflop`,
        `step_gb`, `peak_memory_gb`, `compile_s`, `step_s`, `achieved_gflops`, `share_of_peak`,
        `verdict` (what limits the step) and `forecast_ms`.

    Raises:
        UserError: the table cannot be read, or the mesh does not fit the devices.
    """
    with disable_compile_cache():
        return _measure(config, profile)


def _measure(config: Config, profile: Path | None) -> dict[str, Any]:
    data = load_data(config)
    model, size, mesh = build(config, data.columns), config.train.batch_size, make_mesh(config)
    rows = data.windows("train")
    steps = max(1, len(rows) // size)
    plan = Plan(model, mesh, steps)
    order = rows[draw_epoch_order(config.seed, 0, len(rows))][: steps * size]
    table, order = replicate(mesh, (data.device_table, order.astype(np.int32)))
    one = data.batch("train", [0])
    state = create_state(plan)
    forward = count_flops(model.apply, plan.param_shapes, one)
    total = count_flops(partial(train_step, plan), state, table, order)
    began = time.perf_counter()
    compiled = compile_step(plan, table_shapes(table))
    compile_s = time.perf_counter() - began
    params = unpack_params(plan, state.params)
    times, products = _time_steps(compiled, state, (table, order), config.train.precision, profile)
    speeds = _speeds(config, compiled, total / mesh.size, statistics.median(times), products)
    return {
        "device": jax.devices()[0].device_kind,
        "devices": mesh.size,
        "precision": config.train.precision,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(params)),
        "forward_gflop_per_sample": forward / 1e9,
        "step_tflop": total / 1e12,
        "peak_memory_gb": UNKNOWN if (peak := measure_peak_memory()) is None else peak / 1e9,
        "temporary_gb": compiled.memory_analysis().temp_size_in_bytes / 1e9,
        "compile_s": compile_s,
        "step_spread_s": max(times) - min(times),
        **speeds,
        "forecast_ms": 1e3 * time_call(model.apply, params, one),
    }


def _speeds(
    config: Config, compiled: Any, flops: float, seconds: float, products: list[float]
) -> dict[str, Any]:
    """Returns how fast a step is, how fast it could be, and what limits it.

    Args:
        config: the configuration.
        compiled: the compiled step.
        flops: the operations of a step on one device.
        seconds: the time of a step.
        products: operations a second of matrix products, measured between the steps.
    """
    program, rate = parse_program(compiled.as_text()), statistics.median(products)
    moved, kernels = count_bytes(program), count_kernels(program)
    peaks = find_peaks(jax.devices()[0].device_kind, config.train.precision, rate)
    bounds = compute_bounds(flops, moved, kernels, peaks)
    return {
        "step_gb": moved / 1e9,
        "step_kernels": kernels,
        "step_sent_gb": sum(sum_bytes(find_collectives(program)).values()) / 1e9,
        "step_s": seconds,
        "sample_s": seconds / config.train.batch_size,
        "achieved_gflops": flops / seconds / 1e9,
        "matmul_gflops": rate / 1e9,
        "share_of_matmul_peak": flops / seconds / rate,
        "peak_gflops": peaks.flops / 1e9,
        "peak_gb_s": peaks.bytes / 1e9,
        "peak_source": peaks.source,
        "share_of_peak": flops / seconds / peaks.flops,
        "compute_bound_s": bounds.compute,
        "memory_bound_s": bounds.memory,
        "launch_bound_s": bounds.launch,
        "verdict": f"{bounds.limit} bound",
    }


def _time_steps(
    compiled: Any, state: Any, rest: tuple[Any, ...], precision: str, profile: Path | None
) -> tuple[list[float], list[float]]:
    """Returns the seconds of each timed step, and the rate of a product measured after each."""
    multiply, *matrices = make_product(precision)
    times, products = [], []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        state, _ = jax.block_until_ready(compiled(state, *rest))
        times.append(time.perf_counter() - began)
        products.append(2 * SIDE**3 / time_call(multiply, *matrices))
    with jax.profiler.trace(profile) if profile else nullcontext():
        for i in range(TRACED if profile else 0):
            with jax.profiler.StepTraceAnnotation("step", step_num=i):
                state, _ = jax.block_until_ready(compiled(state, *rest))
    return times[1:], products[1:]
