"""The manifest of a checkpoint: sizes and checksums of its files, which Orbax does not keep.

It is written last, so that a step without one was cut short.
"""

import json
import zlib
from pathlib import Path
from typing import Any

from pgat_jax.output import write_atomically

MANIFEST = "manifest.json"
META = "meta/metadata"
"""Where Orbax keeps the JSON of a step."""


def write_manifest(folder: Path, coming: dict[str, list[int]] | None = None) -> None:
    """Write size and CRC-32 of every file of a committed step, atomically.

    ``coming``: what some files are about to become; until then either is sound.
    """
    manifest = {"crc32": _checksums(folder), "coming": coming or {}}
    write_atomically(folder / MANIFEST, _bytes(manifest))


def amend(folder: Path, meta: dict[str, Any]) -> None:
    """Replace the meta of a committed step; after a kill, the old one or the new one is sound."""
    if read_json(folder / META) == meta:
        return
    content = _bytes(meta)
    write_manifest(folder, {META: [len(content), zlib.crc32(content)]})
    write_atomically(folder / META, content)
    write_manifest(folder)


def damage(folder: Path) -> str | None:
    """What is wrong with a step's folder, or None."""
    if not (folder / MANIFEST).exists():
        return "it has no checksums: its saving was cut short"
    manifest = read_json(folder / MANIFEST)
    if manifest is None or _bytes(manifest) != (folder / MANIFEST).read_bytes():
        return f"{MANIFEST} cannot be read"
    recorded, coming = manifest.get("crc32"), manifest.get("coming")
    if not isinstance(recorded, dict) or not isinstance(coming, dict):
        return f"{MANIFEST} is not one"
    found = _checksums(folder)
    for name in sorted(recorded.keys() | found.keys()):
        if name not in found:
            return f"{name} is missing"
        if found[name] not in (recorded.get(name), coming.get(name)):
            return f"{name} does not match its checksum"
    return None


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file; None where there is none, or another thing."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1).encode()


def _checksums(folder: Path) -> dict[str, list[int]]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name[:1] != ".")
    files = (p for p in files if p != folder / MANIFEST)
    return {p.relative_to(folder).as_posix(): [p.stat().st_size, _crc32(p)] for p in files}


def _crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return value
