"""Locks a run, so that no two processes train it; on every platform that `filelock` supports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pgat_jax.errors import UserError
from pgat_jax.output import write_atomically

# The file that is locked.
LOCK = ".lock"
# The file that has the number of the process. On Windows nobody else can read a locked file.
PROCESS = ".lock-process"
# Digits of a process number; a file of a run of unknown origin may be endless.
_DIGITS = 20


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Locks a run's folder for this process; the system unlocks it when the process ends.

    Args:
        run: the folder.

    Yields:
        Nothing; the folder is locked inside the `with` block.

    Raises:
        UserError: another process has locked the folder.
        OSError: the lock cannot be written, or is a link.
    """
    path = run / LOCK
    # A link in a run of unknown origin could make us overwrite another file.
    if path.is_symlink():
        raise OSError(f"{path}: a link in the place of a lock; delete it.")
    try:
        with FileLock(path, timeout=0):
            write_atomically(run / PROCESS, str(os.getpid()).encode())
            yield
    except Timeout:
        raise UserError(
            f"{run}: another process (number {_read_process(run)}) is training this run; "
            "wait until it has ended, or stop it with Ctrl-C."
        ) from None


def _read_process(run: Path) -> str:
    """Returns the number of the process that locked a run, or `unknown`."""
    path = run / PROCESS
    if not path.is_file():
        return "unknown"
    with path.open("rb") as file:
        number = file.read(_DIGITS)
    return number.decode() if number.isdigit() else "unknown"
