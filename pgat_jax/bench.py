"""What a configuration costs on this machine: operations, memory, compile time, speed."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from rich.console import Console
from rich.table import Table

from pgat_jax.config import Config
from pgat_jax.data.loading import load_data
from pgat_jax.data.windows import epoch_order
from pgat_jax.flops import count_flops
from pgat_jax.model.build import build
from pgat_jax.step import make_step

SIDE = 2048
"""Rows and columns of the matrices whose product is the measure of this machine's peak."""
STEPS = 5
"""Timed steps, after one that is not."""

MEANINGS = {
    "device": "device",
    "precision": "type of the activations",
    "parameters": "parameters",
    "forward_gflop_per_sample": "forward GFLOP a sample (products only)",
    "step_tflop": "TFLOP a training step",
    "peak_memory_gb": "peak memory of a training step, GB",
    "temporary_gb": "of that, the compiled step's own arrays, GB",
    "compile_s": "compile of the training step, cold, s",
    "step_s": "training step, median, s",
    "step_spread_s": "slowest less fastest step, s",
    "sample_s": "a sample, s",
    "achieved_gflops": "achieved, GFLOP/s",
    "matmul_gflops": f"product of two {SIDE} x {SIDE} matrices in the same run, GFLOP/s",
    "share_of_matmul_peak": "achieved / that product",
    "forecast_ms": "forecast of one window, median, ms",
}
"""Key of the JSON -> what it is."""


def bench(config: Config, as_json: bool = False) -> dict[str, Any]:
    """Measure a configuration and print the figures of ``MEANINGS``, as a table or as JSON."""
    console = Console(stderr=True)
    with console.status("compiling and timing; about a minute at full size"):
        figures = measure(config)
    if as_json:
        print(json.dumps(figures, indent=2, allow_nan=False))
        return figures
    table = Table("what", "figure", title=f"bench {config.name}, batch {config.train.batch_size}")
    for key, value in figures.items():
        table.add_row(MEANINGS[key], value if isinstance(value, str) else f"{value:,.4g}")
    Console().print(table)
    return figures


def measure(config: Config) -> dict[str, Any]:
    """Figures of ``MEANINGS``; without the persistent compile cache, so that times are real."""
    jax.config.update("jax_enable_compilation_cache", False)
    data = load_data(config)
    model, size = build(config, data.columns), config.train.batch_size
    rows = data.windows("train")
    step, start = make_step(model, max(1, len(rows) // size))
    order = jnp.asarray(rows[epoch_order(config.seed, 0, len(rows))])
    state = start()
    one = data.batch("train", [0])
    forward = count_flops(model.apply, state.params, one)
    total = count_flops(step, state, data.device, order)
    compiled, seconds = _compile(step, state, data.device, order)
    times, peaks = _time_steps(compiled, state, data.device, order)
    median, peak = statistics.median(times), statistics.median(peaks)
    temporary = compiled.memory_analysis().temp_size_in_bytes
    return {
        "device": jax.devices()[0].device_kind,
        "precision": config.train.precision,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(state.params)),
        "forward_gflop_per_sample": forward / 1e9,
        "step_tflop": total / 1e12,
        "peak_memory_gb": _peak_memory() / 1e9,
        "temporary_gb": temporary / 1e9,
        "compile_s": seconds,
        "step_s": median,
        "step_spread_s": max(times) - min(times),
        "sample_s": median / size,
        "achieved_gflops": total / median / 1e9,
        "matmul_gflops": peak / 1e9,
        "share_of_matmul_peak": total / median / peak,
        "forecast_ms": 1e3 * _forecast_seconds(model, start().params, one),
    }


def _compile(step: Callable, *args: Any) -> tuple[Any, float]:
    lowered = jax.jit(step, donate_argnums=0).lower(*args)
    began = time.perf_counter()
    return lowered.compile(), time.perf_counter() - began


def _time_steps(compiled: Any, state: Any, device: Any, order: Any) -> tuple[list, list]:
    """Seconds of each timed step and, measured between them, operations a second of a product."""
    matrix = jnp.ones((SIDE, SIDE), jnp.float32)
    product = jax.jit(partial(jnp.matmul, precision="default"))
    times, peaks = [], []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        state, _ = jax.block_until_ready(compiled(state, device, order))
        times.append(time.perf_counter() - began)
        peaks.append(2 * SIDE**3 / _best(lambda: product(matrix, matrix), 5))
    return times[1:], peaks[1:]


def _forecast_seconds(model: Any, params: Any, batch: Any) -> float:
    model.apply(params, batch)
    return _best(lambda: model.apply(params, batch), STEPS)


def _best(call: Callable[[], Any], count: int) -> float:
    """Median seconds of a call, after one that is not timed."""
    jax.block_until_ready(call())
    times = []
    for _ in range(count):
        began = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _peak_memory() -> int:
    """Bytes: of the accelerator where it counts them, else of this process."""
    stats = jax.devices()[0].memory_stats() or {}
    unit = 1 if sys.platform == "darwin" else 1024
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return stats.get("peak_bytes_in_use", resident)
