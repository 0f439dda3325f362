"""Several processes as one run: joining them, and what they must agree on.

Every process runs the same loop. A decision that hangs on a clock, a signal or a file is taken
through ``agreed`` or ``from_first``, which every process must reach at the same place.
"""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from pgat_jax.errors import UserError

LONGEST_PATH = 4096
END_SECONDS = 3600
"""How long the others wait at the end for the first, which draws and scores alone."""


def join(coordinator: str | None, processes: int | None, process: int | None) -> None:
    """Join the processes of a run, before JAX is used; nothing happens to one that is alone.

    Without a coordinator the cluster is asked: SLURM, Kubernetes (an indexed job) or a TPU pod.

    Args:
        coordinator: HOST:PORT of process 0.
        processes: how many there are.
        process: which of them this one is, from 0.

    Raises:
        UserError: only some of the three are given, or the others cannot be reached.
    """
    given = [x is not None for x in (coordinator, processes, process)]
    if any(given) and not all(given):
        raise UserError("--coordinator, --processes and --process belong together: give all three.")
    if processes is not None and process is not None and not 0 <= process < processes:
        raise UserError(f"--process: got {process}, expected 0 to {processes - 1} of {processes}.")
    if not (any(given) or in_cluster()):
        return
    try:
        jax.distributed.initialize(
            coordinator, processes, process, shutdown_timeout_seconds=END_SECONDS
        )
    except (RuntimeError, ValueError) as error:
        where = coordinator or "the cluster"
        raise UserError(f"{where}: the processes cannot be joined: {error}") from None


def in_cluster() -> bool:
    """Whether this process was started as one of several, by the marks that JAX reads too."""
    environment = os.environ
    slurm = "SLURM_STEP_NODELIST" in environment and environment.get("SLURM_NTASKS", "1") != "1"
    kubernetes = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= environment.keys()
    chips = any(Path("/dev").glob("accel[0-9]*")) or any(Path("/dev/vfio").glob("[0-9]*"))
    return slurm or kubernetes or (chips and find_spec("libtpu") is not None)


def is_first() -> bool:
    """Whether this process is the one that writes records, pictures and what the user reads."""
    return jax.process_index() == 0


def agreed(wish: bool) -> bool:
    """Whether any process wishes it."""
    if jax.process_count() == 1:
        return wish
    return bool(multihost_utils.process_allgather(np.asarray(wish)).any())


def from_first(make: Callable[[], Path]) -> Path:
    """The path that the first process makes; the others do not call ``make``."""
    if jax.process_count() == 1:
        return make()
    text = os.fsencode(make()) if is_first() else b""
    padded = np.frombuffer(text.ljust(LONGEST_PATH, b"\0"), np.uint8)
    return Path(os.fsdecode(multihost_utils.broadcast_one_to_all(padded).tobytes().rstrip(b"\0")))
