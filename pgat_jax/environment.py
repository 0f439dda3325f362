"""What must be in the environment before JAX is first imported: compile cache and quiet logs."""

import hashlib
import importlib.metadata
import os
import platform
import sys
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


def restart_with_huge_pages() -> None:
    """Run this same command again with glibc asking for huge pages; does nothing elsewhere.

    A training step takes gigabytes anew from the system each time. In pages of 4 kB that is half a
    million page faults, a seventh of the step's time on a processor. glibc reads the setting only
    when a process starts.
    """
    if sys.platform == "linux" and "GLIBC_TUNABLES" not in os.environ:
        os.environ["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


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
