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
    path = folder() / f"{key}.npz"
    stored = _read(path)
    if stored is not None:
        return stored
    arrays = build()
    _write(path, arrays)
    return arrays


def folder() -> Path:
    """Where the cache lives: the user's cache folder of the platform."""
    return Path(platformdirs.user_cache_dir("pgat_jax")) / "tables"


def content_key(*parts: bytes) -> str:
    """One name for all of ``parts``."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _read(path: Path) -> Arrays | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], memoryview(content)[_DIGEST:]
    if hashlib.sha256(payload).hexdigest().encode() == digest:
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as file:
                return dict(file)
        except (ValueError, OSError, zipfile.BadZipFile):
            pass
    logging.getLogger(__name__).warning("The cached table %s is damaged; building it again.", path)
    return None


def _write(path: Path, arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    payload = buffer.getvalue()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, hashlib.sha256(payload).hexdigest().encode() + payload)
        _make_room(path.parent)
    except OSError as error:
        logging.getLogger(__name__).warning(
            "The table is not cached: %s (%s); the next run builds it again.", path, error.strerror
        )


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT]:
        file.unlink(missing_ok=True)
