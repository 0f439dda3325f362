"""A cache of arrays addressed by content: written atomically, verified on every read."""

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
KEPT = 32
"""Files that stay; the ones written longest ago make room."""
_DIGEST = 64


def cached(key: str, build: Callable[[], Arrays]) -> Arrays:
    """The arrays stored under ``key``; else ``build()``, stored for the next time.

    A file that does not match its checksum is rebuilt, and said. A folder that cannot be written
    costs the next call a rebuild, no more.
    """
    stored = _read(key)
    if stored is not None:
        return stored
    arrays = build()
    _write(key, arrays)
    return arrays


def folder() -> Path:
    """Where the cache lives: the user's cache folder of the platform."""
    return Path(platformdirs.user_cache_dir("pgat_jax")) / "tables"


def _path(key: str) -> Path:
    return folder() / f"{key}.npz"


def content_key(*parts: bytes) -> str:
    """One name for all of ``parts``."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def seal(key: str, arrays: Arrays) -> bytes:
    """Arrays as the content of a file, with a digest of it and of what it is for."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    payload = buffer.getvalue()
    return content_key(key.encode(), payload).encode() + payload


def unseal(key: str, content: bytes) -> Arrays | None:
    """The arrays that were sealed under ``key``; None of any other content."""
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
        logger = logging.getLogger(__name__)
        logger.warning("The cached table %s is damaged; building it again.", path)
    return arrays


def _write(key: str, arrays: Arrays) -> None:
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, seal(key, arrays))
        _make_room(path.parent)
    except OSError as error:
        logging.getLogger(__name__).warning(
            "The table is not cached: %s (%s); the next run builds it again.", path, error.strerror
        )


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT]:
        file.unlink(missing_ok=True)
