"""Measures the peak of the memory that this process or its accelerator used."""

import sys

import jax

try:
    import resource
except ImportError:  # Windows does not have it
    resource = None

# Bytes of a unit of `ru_maxrss`.
RESIDENT_UNIT = 1 if sys.platform == "darwin" else 1024


def measure_peak_memory() -> int | None:
    """Returns the most bytes that were in use at once.

    Those of the accelerator if it counts them, else those of this process; None if neither is
    counted, as on a Windows machine without an accelerator.
    """
    stats = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in stats:
        return stats["peak_bytes_in_use"]
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RESIDENT_UNIT
