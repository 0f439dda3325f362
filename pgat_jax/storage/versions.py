"""Collects the software and hardware that a run was trained with, for the reader who repeats it."""

import importlib.metadata
import os
import platform
from typing import Any

import jax

LIBRARIES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "pgat_jax")


def collect_versions() -> dict[str, Any]:
    """Returns the versions of Python and the libraries, the platform and JAX's devices.

    Returns:
        `python`, `platform`, `machine`, `cpu_count`, `devices` (a description of each) and
        `libraries` (name in `LIBRARIES` -> version), all of which JSON can store.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "devices": [f"{d.platform}: {d.device_kind}" for d in jax.devices()],
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }
