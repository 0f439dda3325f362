"""Writes and checks the manifest of a checkpoint: sizes and checksums, which Orbax does not keep.

The manifest is written last, so a step without one was not saved completely.
"""

import json
import zlib
from pathlib import Path
from typing import Any

from pgat_jax.output import write_atomically

MANIFEST = "manifest.json"
# The file, in a step's folder, in which Orbax keeps the step's JSON.
META = "meta/metadata"
# Bytes that are read at a time for a checksum.
BLOCK = 1 << 20


def write_manifest(folder: Path, coming: dict[str, list[int]] | None = None) -> None:
    """Writes the size and CRC-32 of every file of a step to its `manifest.json`, atomically.

    Hidden files and the manifest itself are left out.

    Args:
        folder: the folder of a step that Orbax has committed.
        coming: path below `folder`, with `/` -> [size, CRC-32] that the file is about to get.
            Until the manifest is written again, both the old and the new content of such a file
            are sound.
    """
    manifest = {"crc32": _compute_checksums(folder), "coming": coming or {}}
    write_atomically(folder / MANIFEST, _encode(manifest))


def replace_meta(folder: Path, meta: dict[str, Any]) -> None:
    """Replaces the metadata of a step so that an interruption leaves the old or the new one.

    Args:
        folder: the folder of a step, which has a manifest.
        meta: the new JSON object, as `checkpoint_meta` returns it.
    """
    if read_json(folder / META) == meta:
        return
    content = _encode(meta)
    write_manifest(folder, {META: [len(content), zlib.crc32(content)]})
    write_atomically(folder / META, content)
    write_manifest(folder)


def find_damage(folder: Path) -> str | None:
    """Compares the files of a step with its manifest.

    Args:
        folder: the folder of a step.

    Returns:
        What is wrong with the first file that differs, in words; None if the step is sound. A step
        without a manifest is not: its save was interrupted.
    """
    if not (folder / MANIFEST).exists():
        return "it has no checksums: its saving was cut short"
    manifest = read_json(folder / MANIFEST)
    if manifest is None or _encode(manifest) != (folder / MANIFEST).read_bytes():
        return f"{MANIFEST} cannot be read"
    recorded, coming = manifest.get("crc32"), manifest.get("coming")
    if not isinstance(recorded, dict) or not isinstance(coming, dict):
        return f"{MANIFEST} is not one"
    checksums = _compute_checksums(folder)
    for name in sorted(recorded.keys() | checksums.keys()):
        if name not in checksums:
            return f"{name} is missing"
        if checksums[name] not in (recorded.get(name), coming.get(name)):
            return f"{name} does not match its checksum"
    return None


def read_json(path: Path) -> dict[str, Any] | None:
    """Reads the JSON object in a file; returns None if there is no file, or no object in it.

    Args:
        path: the file; one that cannot be read or parsed gives None as well.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _encode(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1).encode()


def _compute_checksums(folder: Path) -> dict[str, list[int]]:
    """Returns file name -> [size, CRC-32], the manifest and hidden files left out."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name[:1] != ".")
    files = (p for p in files if p != folder / MANIFEST)
    return {p.relative_to(folder).as_posix(): [p.stat().st_size, _compute_crc32(p)] for p in files}


def _compute_crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            value = zlib.crc32(block, value)
    return value
