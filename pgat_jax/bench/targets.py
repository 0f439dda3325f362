"""Describes the chips that programs can be compiled for without having them.

The compiler for NVIDIA's chips needs the packages of the extra `cuda`, that for TPUs those of the
extra `tpu`; neither needs a driver or the chip. The module does not import JAX, since it sets the
environment that JAX reads when it is imported.
"""

import importlib.util
import os
import re
from typing import NamedTuple

from pgat_jax.errors import UserError

# The package that compiles for a platform, and the extra that installs it.
PACKAGES = {"cuda": ("jax_cuda12_plugin", "cuda"), "tpu": ("libtpu", "tpu")}
# Flags without which the step does not compile for an absent NVIDIA chip: nothing can be autotuned,
# and Triton's default tiles do not fit all products, so that products are calls of cuBLAS.
XLA_FLAGS = "--xla_gpu_enable_triton_gemm=false --xla_gpu_autotune_level=0"

_TEMPLATE = """gpu_device_info {{
  cuda_compute_capability {{ major: {capability[0]} minor: {capability[1]} }}
  core_count: {cores} fpus_per_core: {units} threads_per_warp: 32
  threads_per_block_limit: 1024 threads_per_core_limit: 2048
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  shared_memory_per_block: 49152 shared_memory_per_block_optin: {block_memory}
  shared_memory_per_core: {core_memory}
  registers_per_block_limit: 65536 registers_per_core_limit: 65536
  l2_cache_size: {cache} device_memory_size: {memory}
  memory_bandwidth: {bandwidth} clock_rate_ghz: {clock}
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 10 patch: 0 }}
"""


class GpuFacts(NamedTuple):
    """The facts about a chip of NVIDIA that its compiler asks for.

    The numbers are from NVIDIA's data sheets and its table of compute capabilities; the size of the
    cache and the clock of a B200, which these do not state, are assumptions.

    Attributes:
        capability: compute capability, major and minor.
        cores: number of streaming multiprocessors.
        units: float32 units of each.
        block_memory: bytes of shared memory that a block may ask for.
        core_memory: bytes of shared memory of a multiprocessor.
        cache: bytes of the second-level cache.
        memory: bytes of memory.
        bandwidth: bytes a second of memory.
        clock: GHz.
    """

    capability: tuple[int, int]
    cores: int
    units: int
    block_memory: int
    core_memory: int
    cache: int
    memory: int
    bandwidth: int
    clock: float

    def as_text(self) -> str:
        """Returns the facts in the text form of XLA's `GpuTargetConfigProto`."""
        return _TEMPLATE.format(**self._asdict())


class Target(NamedTuple):
    """A kind of chip to compile for.

    Attributes:
        platform: `cuda` or `tpu`.
        chip: its name in `roofline.CHIPS`.
        topology: the smallest topology of a TPU that JAX describes; empty for a GPU.
        accelerator: the name of that topology in Google's cloud; empty for a GPU.
        facts: what the compiler of a GPU asks for; None for a TPU, whose package knows them.
    """

    platform: str
    chip: str
    topology: str = ""
    accelerator: str = ""
    facts: GpuFacts | None = None


# Name in `--target` -> the chip.
TARGETS = {
    "h200": Target(
        "cuda",
        "H200",
        facts=GpuFacts(
            (9, 0), 132, 128, 232448, 233472, 52428800, 151397597184, 4800 * 10**9, 1.98
        ),
    ),
    "a100": Target(
        "cuda",
        "A100",
        facts=GpuFacts((8, 0), 108, 64, 166912, 167936, 41943040, 85899345920, 2039 * 10**9, 1.41),
    ),
    "b200": Target(
        "cuda",
        "B200",
        facts=GpuFacts(
            (10, 0), 148, 128, 232448, 233472, 132644864, 193273528320, 8000 * 10**9, 1.965
        ),
    ),
    "v5e": Target("tpu", "TPU v5 lite", "2x2", "v5litepod-4"),
    "v5p": Target("tpu", "TPU v5", "2x2x1", "v5p-8"),
}


def split_target(text: str) -> tuple[str, str]:
    """Splits the value of `--target` into the name of the chip and the topology.

    Args:
        text: a name of `TARGETS`, or NAME:CHIPS, such as `h200:8` or `v5e:2x2`.

    Returns:
        The name, and the part after the colon, empty for one chip.

    Raises:
        UserError: the name is not in `TARGETS`, or the part after the colon gives no topology.
    """
    name, _, chips = text.partition(":")
    if name not in TARGETS:
        raise UserError(f"--target: got {name!r}, expected one of {', '.join(TARGETS)}.")
    pattern = r"[1-9]\d*" if TARGETS[name].facts else r"[1-9]\d*(x[1-9]\d*)+"
    if ":" in text and not re.fullmatch(pattern, chips):
        example = f"{name}:8" if TARGETS[name].facts else f"{name}:{TARGETS[name].topology}"
        raise UserError(f"--target: got {text!r}, expected {name} or, for several, {example}.")
    return name, chips


def prepare_target(text: str) -> None:
    """Sets the environment for a target; call it before JAX is first imported.

    Args:
        text: the value of `--target`.

    Raises:
        UserError: the target is unknown, or the packages that compile for it are missing.
    """
    name, _ = split_target(text)
    package, extra = PACKAGES[TARGETS[name].platform]
    if importlib.util.find_spec(package) is None:
        raise UserError(
            f"--target {text} compiles with the package {package!r}, which is not installed; "
            f"install it with: pip install 'pgat_jax[{extra}]'"
        )
    os.environ["JAX_PLATFORMS"] = "cpu"
    if TARGETS[name].accelerator:  # otherwise libtpu asks the cloud where it is, and complains
        os.environ["TPU_SKIP_MDS_QUERY"] = "1"
        os.environ["TPU_ACCELERATOR_TYPE"] = TARGETS[name].accelerator
        os.environ["TPU_WORKER_HOSTNAMES"] = "localhost"
    else:
        os.environ["XLA_FLAGS"] = " ".join((os.environ.get("XLA_FLAGS", ""), XLA_FLAGS)).strip()
