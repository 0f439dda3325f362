"""A cache of arrays on disk, found by their content; files are written atomically and verified."""

import hashlib
import io
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs

from pgat_jax.output import write_atomically

Arrays = dict[str, np.ndarray]
# The number of files that the cache keeps; those written longest ago are deleted.
KEPT = 32
# Hexadecimal digits of a SHA-256.
_DIGEST = 64
_LOGGER = logging.getLogger(__name__)


def load_or_build(key: str, build: Callable[[], Arrays]) -> Arrays:
    """Returns the arrays stored under a key, or builds and stores them.

    A file that does not match its checksum is built again, with a warning. If the folder cannot be
    written, the arrays are returned with a warning, and the next call builds them again. The cache
    keeps the 32 files that were written last.

    Args:
        key: the name of the arrays, from `content_key`.
        build: called without arguments if nothing is stored; returns the arrays, name -> array.
    """
    stored = _read(key)
    if stored is not None:
        return stored
    arrays = build()
    _write(key, arrays)
    return arrays


def folder() -> Path:
    """Returns the folder of the cache, in the platform's cache folder of the user.

    The folder need not exist.
    """
    return Path(platformdirs.user_cache_dir("pgat_jax")) / "tables"


def _path(key: str) -> Path:
    return folder() / f"{key}.npz"


def content_key(*parts: bytes) -> str:
    """Returns a SHA-256, in hexadecimal, of the parts and their lengths.

    Args:
        *parts: bytes of any length.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def seal(key: str, arrays: Arrays) -> bytes:
    """Encodes arrays as the content of a file: a digest of the key and the rest, then an npz file.

    Args:
        key: the name of the arrays.
        arrays: name -> array.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    payload = buffer.getvalue()
    return content_key(key.encode(), payload).encode() + payload


def unseal(key: str, content: bytes) -> Arrays | None:
    """Decodes arrays that `seal` encoded under a key.

    Returns None for any other content: another key, damaged, or no such file.

    Args:
        key: the name of the arrays.
        content: the content of a file.
    """
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    if content_key(key.encode(), payload).encode() != digest:
        return None
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as file:
            return dict(file)
    except (ValueError, OSError, zipfile.BadZipFile):
        return None


def _read(key: str) -> Arrays | None:
    path = _path(key)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    arrays = unseal(key, content)
    if arrays is None:
        _LOGGER.warning("The cached table %s is damaged; building it again.", path)
    return arrays


def _write(key: str, arrays: Arrays) -> None:
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, seal(key, arrays))
        _delete_oldest(path.parent)
    except OSError as error:
        _LOGGER.warning(
            "The table is not cached: %s (%s); the next run builds it again.", path, error.strerror
        )


def _delete_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT]:
        file.unlink(missing_ok=True)
