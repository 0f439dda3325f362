"""Files that a verb leaves behind, written whole or not at all."""

from pathlib import Path

from pgat_jax.data.cache import write_atomically
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
