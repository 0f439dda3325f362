"""What a configuration costs on this machine: operations, memory, compile time, speed, bounds."""

import json
import resource
import statistics
import sys
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

from pgat_jax.bench.flops import count_flops
from pgat_jax.bench.program import parse
from pgat_jax.bench.roofline import SIDE, bounds, median_seconds, peaks, product
from pgat_jax.bench.traffic import kernels, traffic
from pgat_jax.config import Config
from pgat_jax.data.loading import load_data
from pgat_jax.data.windows import draw_epoch_order
from pgat_jax.mesh import make_mesh, replicate
from pgat_jax.model.build import build
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import create_state, table_shapes, unpack_params
from pgat_jax.training.step import compile_step, train_step

STEPS = 5
"""Timed steps, after one that is not."""
TRACED = 3
"""Steps that are traced, after the timed ones."""

MEANINGS = {
    "device": "device",
    "devices": "devices that share a step",
    "precision": "type of the activations",
    "parameters": "parameters",
    "forward_gflop_per_sample": "forward GFLOP a sample (products only)",
    "step_tflop": "TFLOP a training step, on all devices",
    "step_gb": "GB that a training step reads and writes, on one device",
    "step_kernels": "kernels that a training step starts, on one device",
    "peak_memory_gb": "peak memory of a training step, GB",
    "temporary_gb": "of that, the compiled step's own arrays, GB",
    "compile_s": "compile of the training step, cold, s",
    "step_s": "training step, median, s",
    "step_spread_s": "slowest less fastest step, s",
    "sample_s": "a sample, s",
    "achieved_gflops": "achieved, GFLOP/s of one device",
    "matmul_gflops": f"product of two {SIDE} x {SIDE} matrices in the same run, GFLOP/s",
    "share_of_matmul_peak": "achieved / that product",
    "peak_gflops": "peak of one device, GFLOP/s",
    "peak_gb_s": "peak of its memory, GB/s",
    "peak_source": "where the peaks are from",
    "share_of_peak": "achieved / peak",
    "compute_bound_s": "the step's operations at the peak, s",
    "memory_bound_s": "its bytes at the peak of memory, if no cache holds any, s",
    "launch_bound_s": "its kernels, had they nothing to do, s",
    "verdict": "what binds the step: the longest of the three",
    "forecast_ms": "forecast of one window, median, ms",
}
"""Key of the JSON -> what it is."""


def bench(config: Config, as_json: bool = False, profile: Path | None = None) -> dict[str, Any]:
    """Measure a configuration and print the figures of ``MEANINGS``, as a table or as JSON.

    ``profile`` is a folder for a trace of three steps, for TensorBoard, Perfetto or XProf.
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
    """Figures of ``MEANINGS``; without the persistent compile cache, so that times are real."""
    jax.config.update("jax_enable_compilation_cache", False)
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
        "peak_memory_gb": _peak_memory() / 1e9,
        "temporary_gb": compiled.memory_analysis().temp_size_in_bytes / 1e9,
        "compile_s": compile_s,
        "step_spread_s": max(times) - min(times),
        **speeds,
        "forecast_ms": 1e3 * median_seconds(model.apply, params, one),
    }


def _speeds(config: Config, compiled: Any, flops: float, seconds: float, products: list) -> dict:
    """Of a step of ``flops`` on one device: how fast it is, how fast it could be, and why."""
    program, top = parse(compiled.as_text()), statistics.median(products)
    moved, started = traffic(program), kernels(program)
    peak = peaks(jax.devices()[0].device_kind, config.train.precision, top)
    least = bounds(flops, moved, started, peak)
    return {
        "step_gb": moved / 1e9,
        "step_kernels": started,
        "step_s": seconds,
        "sample_s": seconds / config.train.batch_size,
        "achieved_gflops": flops / seconds / 1e9,
        "matmul_gflops": top / 1e9,
        "share_of_matmul_peak": flops / seconds / top,
        "peak_gflops": peak.flops / 1e9,
        "peak_gb_s": peak.bytes / 1e9,
        "peak_source": peak.source,
        "share_of_peak": flops / seconds / peak.flops,
        "compute_bound_s": least.compute,
        "memory_bound_s": least.memory,
        "launch_bound_s": least.launch,
        "verdict": f"{least.verdict} bound",
    }


def _time_steps(
    compiled: Any, state: Any, rest: tuple, precision: str, profile: Path | None
) -> tuple[list, list]:
    """Seconds of each timed step and, measured between them, operations a second of a product."""
    multiply, *matrices = product(precision)
    times, products = [], []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        state, _ = jax.block_until_ready(compiled(state, *rest))
        times.append(time.perf_counter() - began)
        products.append(2 * SIDE**3 / median_seconds(multiply, *matrices))
    with jax.profiler.trace(profile) if profile else nullcontext():
        for i in range(TRACED if profile else 0):
            with jax.profiler.StepTraceAnnotation("step", step_num=i):
                state, _ = jax.block_until_ready(compiled(state, *rest))
    return times[1:], products[1:]


def _peak_memory() -> int:
    """Bytes: of the accelerator where it counts them, else of this process."""
    stats = jax.devices()[0].memory_stats() or {}
    unit = 1 if sys.platform == "darwin" else 1024
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return stats.get("peak_bytes_in_use", resident)
