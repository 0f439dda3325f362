"""Computes what limits a step: its matrix products, its memory, or the starting of its kernels.

No step is faster than its operations at the rate of products, its bytes at the rate of memory (the
two roofs of Williams, Waterman and Patterson, 2009), or its kernels at the rate at which they
start. The longest of the three times limits it.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

# Rows and columns of the matrices whose product measures the rate of operations.
SIDE = 2048
# Numbers (256 MB) whose copy measures the rate of memory: more than any cache has room for.
COPIED = 1 << 26
# Products, each too small to take time, whose chain measures the start of a kernel.
CHAIN = 200
# Part of a device's name -> TFLOP/s of products of bfloat16 and of float32 as JAX multiplies it by
# default (NVIDIA: TF32; TPU: bfloat16), and GB/s of memory. From NVIDIA's data sheets (SXM, dense;
# A100 with 80 GB) and Google's pages of TPU v5e and v5p.
CHIPS = {
    "H200": (989.4, 494.7, 4800.0),
    "H100": (989.4, 494.7, 3350.0),
    "A100": (312.0, 156.0, 2039.0),
    "B200": (2250.0, 1125.0, 8000.0),
    "TPU v5 lite": (197.0, 197.0, 819.0),
    "TPU v5": (459.0, 459.0, 2765.0),
}
# Seconds between the starts of two kernels of a GPU, as an assumption where none can be measured. A
# TPU runs a program without starting kernels one by one, and is assumed to lose nothing.
ASSUMED_START = 2e-6


class Peaks(NamedTuple):
    """The rates of one device at their best.

    Attributes:
        flops: operations of products a second.
        bytes: bytes read and written a second.
        kernel: seconds to start one kernel.
        source: where `flops` and `bytes` are from.
    """

    flops: float
    bytes: float
    kernel: float
    source: str


class Bounds(NamedTuple):
    """The least seconds that a step takes for each of three reasons.

    Attributes:
        compute: its operations at the peak.
        memory: its bytes at the peak.
        launch: the start of its kernels.
    """

    compute: float
    memory: float
    launch: float

    @property
    def limit(self) -> str:
        """The reason that takes longest: `compute`, `memory` or `launch`."""
        return max(self._asdict(), key=self._asdict().__getitem__)


def compute_bounds(flops: float, moved: float, kernels: int, peaks: Peaks) -> Bounds:
    """Computes the bounds of a step on one device.

    Args:
        flops: operations of its products.
        moved: bytes that it reads and writes.
        kernels: the kernels that it starts.
        peaks: the rates of the device.

    Returns:
        The least seconds for each reason.
    """
    return Bounds(flops / peaks.flops, moved / peaks.bytes, kernels * peaks.kernel)


def find_peaks(kind: str, precision: str, measured: float) -> Peaks:
    """Finds the rates of a kind of device: in its data sheet, or else by measuring this one.

    Args:
        kind: the name of the device, as `jax.Device.device_kind` gives it.
        precision: the type of the activations, `float32` or `bfloat16`.
        measured: operations a second of `make_product` on this device.

    Returns:
        The rates; the start of a kernel is always measured.
    """
    kernel = measure_kernel_start()
    for name in CHIPS:
        if name in kind:
            return look_up_peaks(name, precision)._replace(kernel=kernel)
    return Peaks(measured, measure_copy_rate(), kernel, "measured")


def look_up_peaks(chip: str, precision: str) -> Peaks:
    """Returns the rates of a chip in its data sheet.

    Args:
        chip: its name in `CHIPS`.
        precision: the type of the activations, `float32` or `bfloat16`.

    Returns:
        The rates; the start of a kernel is `ASSUMED_START`, since no data sheet states it.
    """
    half, single, memory = CHIPS[chip]
    rate = half if precision == "bfloat16" else single
    start = 0.0 if chip.startswith("TPU") else ASSUMED_START
    return Peaks(1e12 * rate, 1e9 * memory, start, f"data sheet of {chip}")


def make_product(precision: str) -> tuple[Callable[..., jax.Array], jax.Array, jax.Array]:
    """Returns a jitted matrix product and its two operands, [SIDE, SIDE] each.

    Args:
        precision: the type of the operands, `float32` or `bfloat16`.
    """
    matrix = jnp.ones((SIDE, SIDE), precision)
    return jax.jit(lambda a, b: jnp.matmul(a, b, precision="default")), matrix, matrix


def measure_copy_rate() -> float:
    """Measures the bytes a second that a copy of 256 MB on the default device reads and writes."""
    numbers = jnp.ones(COPIED, jnp.float32)
    return 2 * numbers.nbytes / time_call(jax.jit(lambda x: -x), numbers)


def measure_kernel_start() -> float:
    """Measures the seconds that a kernel takes when it has nothing to do, within one program."""

    def chain(x: jax.Array) -> jax.Array:
        for _ in range(CHAIN):
            x = x @ x
        return x

    return time_call(jax.jit(chain), jnp.eye(8)) / CHAIN


def time_call(call: Callable[..., Any], *args: Any, count: int = 5) -> float:
    """Measures the median seconds of a call, after one that is not timed.

    Args:
        call: a function that returns arrays.
        *args: its arguments.
        count: how many calls are timed, at least 1.

    Returns:
        Seconds until the arrays are ready.
    """
    jax.block_until_ready(call(*args))
    times = []
    for _ in range(count):
        began = time.perf_counter()
        jax.block_until_ready(call(*args))
        times.append(time.perf_counter() - began)
    return statistics.median(times)
