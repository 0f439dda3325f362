"""Joins several processes to one run, and makes the decisions that they must share.

Every process runs the same loop. A decision that depends on a clock, a signal or a file goes
through `any_process` or `make_on_first`, which every process must call at the same point.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from pgat_jax.errors import UserError

# Bytes of the buffer in which a path travels between processes: the limit of Linux.
LONGEST_PATH = 4096
# Seconds for which the other processes wait at the end while the first one draws and scores.
END_SECONDS = 3600


def join(coordinator: str | None, processes: int | None, process: int | None) -> None:
    """Joins the processes of a run; call it before JAX is used.

    Give all three arguments, or None for each. Without them JAX asks the cluster: SLURM, Kubernetes
    (an indexed job) or a TPU pod; outside one the process runs alone, and nothing happens.

    Args:
        coordinator: HOST:PORT of process 0.
        processes: the number of processes.
        process: the number of this process, from 0 to `processes` - 1.

    Raises:
        UserError: only some of the three are given, `process` is out of range, or the other
            processes cannot be reached.
    """
    is_given = [x is not None for x in (coordinator, processes, process)]
    if any(is_given) and not all(is_given):
        raise UserError("--coordinator, --processes and --process belong together: give all three.")
    if processes is not None and process is not None and not 0 <= process < processes:
        raise UserError(f"--process: got {process}, expected 0 to {processes - 1} of {processes}.")
    if not (any(is_given) or is_in_cluster()):
        return
    try:
        jax.distributed.initialize(
            coordinator, processes, process, shutdown_timeout_seconds=END_SECONDS
        )
    except (RuntimeError, ValueError) as error:
        place = coordinator or "the cluster"
        raise UserError(f"{place}: the processes cannot be joined: {error}") from None


def is_in_cluster() -> bool:
    """Returns whether this process was started as one of several.

    It reads the same environment variables as JAX.
    """
    environment = os.environ
    is_slurm = "SLURM_STEP_NODELIST" in environment and environment.get("SLURM_NTASKS", "1") != "1"
    is_kubernetes = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= environment.keys()
    has_chips = any(Path("/dev").glob("accel[0-9]*")) or any(Path("/dev/vfio").glob("[0-9]*"))
    return is_slurm or is_kubernetes or (has_chips and find_spec("libtpu") is not None)


def is_first() -> bool:
    """Returns whether this process writes the records, the pictures and the messages."""
    return jax.process_index() == 0


def any_process(condition: bool) -> bool:
    """Returns whether the condition is true in any process; all processes must call it.

    Args:
        condition: the condition in this process.
    """
    if jax.process_count() == 1:
        return condition
    return bool(multihost_utils.process_allgather(np.asarray(condition)).any())


def make_on_first(make: Callable[[], Path]) -> Path:
    """Calls a function in the first process alone and returns its path in every process.

    All processes must call it. The path has at most 4,096 bytes.

    Args:
        make: creates a file or folder, and returns its path.
    """
    if jax.process_count() == 1:
        return make()
    text = os.fsencode(make()) if is_first() else b""
    padded = np.frombuffer(text.ljust(LONGEST_PATH, b"\0"), np.uint8)
    return Path(os.fsdecode(multihost_utils.broadcast_one_to_all(padded).tobytes().rstrip(b"\0")))
