"""What must be in the environment before JAX is first imported: compile cache and quiet logs."""

import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path


def prepare() -> None:
    """Keep compiled programs in the user's cache folder, and silence XLA's information lines.

    Variables that are already set are left as they are, so ``JAX_COMPILATION_CACHE_DIR=`` (empty)
    switches the cache off.
    """
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(cache_folder()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def cache_folder() -> Path:
    """A folder of its own for each kind of machine and version: programs are not portable."""
    from platformdirs import user_cache_path

    parts = [importlib.metadata.version("jaxlib"), platform.machine(), _processor()]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return user_cache_path("pgat_jax") / "compiled" / key


def _processor() -> str:
    """Name and features of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("model name", "flags", "Features")
    return "\n".join(sorted({line for line in lines if line.startswith(wanted)}))
