"""Locks a run, so that no two processes train it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pgat_jax.errors import UserError

LOCK = ".lock"


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Locks a run's folder for this process; the system unlocks it when the process ends.

    Args:
        run: the folder.

    Yields:
        Nothing; the folder is locked inside the `with` block.

    Raises:
        UserError: another process has locked the folder.
    """
    # Without O_NOFOLLOW, a link in a run of unknown origin could make us overwrite another file.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    with open(os.open(run / LOCK, flags, 0o666), "r+", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{run}: another process (number {file.read() or 'unknown'}) is training this run; "
                "wait until it has ended, or stop it with Ctrl-C."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
