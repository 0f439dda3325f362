"""Files that a verb leaves behind, written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pgat_jax.errors import UserError


def write_output(path: Path, content: bytes) -> Path:
    """Write a file, making its folder; returns its path.

    Raises:
        UserError: the file cannot be written; what stood there before still stands.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); free the place or copy the run to a "
            "folder that can be written."
        ) from None
    return path


@contextmanager
def writing(run: Path) -> Iterator[None]:
    """Training writes into its folder: what the system refuses becomes one sentence.

    Raises:
        UserError: a file cannot be written; says how to go on.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{run}: {error.filename or 'a file'} cannot be written "
            f"({error.strerror or error}); checkpoints that were saved before are untouched. Make "
            f"room or give the right to write, then go on with: python run.py --resume {run}"
        ) from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or none, with the permissions that a new file has.

    The temporary file beside it has a name that nobody can foresee, and is never one that is
    already there.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    partial = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
