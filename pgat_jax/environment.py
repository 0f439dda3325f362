"""Sets environment variables before JAX is first imported: compile cache, quiet logs.

The module imports the standard library and `platformdirs`.
"""

import hashlib
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

from platformdirs import user_cache_path


def prepare() -> None:
    """Stores compiled programs in the user's cache folder, and hides XLA's information lines.

    Variables that are already set stay as they are, so `JAX_COMPILATION_CACHE_DIR=` (empty)
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
    """Replaces the process by the same command, so that glibc asks for huge pages.

    A training step gets gigabytes of new memory from the system each time. In pages of 4 kB that is
    half a million page faults, a seventh of the step's time on a processor. glibc reads the setting
    only when a process starts. Outside Linux, and if the variable `GLIBC_TUNABLES` is set already,
    as it is after the restart, the function returns and nothing happens.
    """
    if sys.platform == "linux" and "GLIBC_TUNABLES" not in os.environ:
        os.environ["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def cache_folder() -> Path:
    """Returns the folder of the compiled programs, one for each kind of machine and version.

    A compiled program may use instructions that another processor does not have.
    """
    parts = [importlib.metadata.version("jaxlib"), platform.machine(), _processor()]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return user_cache_path("pgat_jax") / "compiled" / key


def _processor() -> str:
    """Returns the name and the features of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    keys = ("model name", "flags", "Features")
    return "\n".join(sorted({line for line in lines if line.startswith(keys)}))
