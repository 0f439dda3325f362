"""What bounds a step: its products, its memory, or the starting of its kernels.

No step is faster than its operations at the rate of products, its bytes at the rate of memory (the
two roofs of Williams, Waterman and Patterson, 2009), or its kernels at the pace at which they
start. The longest of the three times is what binds it.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

SIDE = 2048
"""Rows and columns of the matrices whose product measures the rate of operations."""
COPIED = 1 << 26
"""Numbers (256 MB) whose copy measures the rate of memory: more than any cache holds."""
CHAIN = 200
"""Products, each too small to take time, whose chain measures the start of a kernel."""

CHIPS = {
    "H200": (989.4, 494.7, 4800.0),
    "H100": (989.4, 494.7, 3350.0),
    "A100": (312.0, 156.0, 2039.0),
    "TPU v5 lite": (197.0, 197.0, 819.0),
    "TPU v5": (459.0, 459.0, 2765.0),
}
"""Part of a device's name -> TFLOP/s of products of bfloat16 and of float32 as JAX multiplies it by
default (NVIDIA: TF32; TPU: bfloat16), and GB/s of memory. From NVIDIA's data sheets (SXM, dense;
A100 with 80 GB) and Google's pages of TPU v5e and v5p."""


class Peaks(NamedTuple):
    """What one device can do, and where that is known from."""

    flops: float
    """Operations of products a second."""
    bytes: float
    """Read and written a second."""
    kernel: float
    """Seconds to start one."""
    source: str


class Bounds(NamedTuple):
    """The least seconds that a step takes for each reason."""

    compute: float
    memory: float
    launch: float

    @property
    def verdict(self) -> str:
        """The reason that takes longest: ``compute``, ``memory`` or ``launch``."""
        return max(self._asdict(), key=self._asdict().__getitem__)


def bounds(flops: float, moved: float, started: int, peaks: Peaks) -> Bounds:
    """Of a step of ``flops`` operations, ``moved`` bytes and ``started`` kernels on one device."""
    return Bounds(flops / peaks.flops, moved / peaks.bytes, started * peaks.kernel)


def peaks(kind: str, precision: str, measured: float) -> Peaks:
    """Of a kind of device that ``CHIPS`` names its data sheet; of any other what it does here.

    ``measured`` are the operations a second of ``product``.
    """
    kernel = kernel_seconds()
    for name, (half, single, memory) in CHIPS.items():
        if name in kind:
            rate = half if precision == "bfloat16" else single
            return Peaks(1e12 * rate, 1e9 * memory, kernel, f"data sheet of {name}")
    return Peaks(measured, copy_rate(), kernel, "measured")


def product(precision: str) -> tuple[Callable, jax.Array, jax.Array]:
    """The product of two square matrices, and they."""
    matrix = jnp.ones((SIDE, SIDE), precision)
    return jax.jit(lambda a, b: jnp.matmul(a, b, precision="default")), matrix, matrix


def copy_rate() -> float:
    """Bytes a second that a copy reads and writes."""
    numbers = jnp.ones(COPIED, jnp.float32)
    return 2 * numbers.nbytes / median_seconds(jax.jit(lambda x: -x), numbers)


def kernel_seconds() -> float:
    """Seconds that a kernel takes when it has nothing to do, within one program."""

    def chain(x: jax.Array) -> jax.Array:
        for _ in range(CHAIN):
            x = x @ x
        return x

    return median_seconds(jax.jit(chain), jnp.eye(8)) / CHAIN


def median_seconds(call: Callable, *args: Any, count: int = 5) -> float:
    """Median seconds of a call, after one that is not timed."""
    jax.block_until_ready(call(*args))
    times = []
    for _ in range(count):
        began = time.perf_counter()
        jax.block_until_ready(call(*args))
        times.append(time.perf_counter() - began)
    return statistics.median(times)
