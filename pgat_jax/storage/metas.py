"""Reads the metadata of a run's checkpoints without their arrays; it imports no JAX."""

from pathlib import Path

from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.storage.manifest import META, find_damage, read_json
from pgat_jax.storage.retention import Meta


def list_steps(run: Path) -> list[int]:
    """Returns the steps of a run's checkpoints, the oldest first, damaged ones included.

    Args:
        run: the folder of the run.
    """
    folder = run / CHECKPOINTS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def read_metas(run: Path) -> dict[int, Meta]:
    """Returns step -> metadata of each checkpoint whose metadata can be read.

    Args:
        run: the folder of the run.
    """
    metas = {step: read_json(run / CHECKPOINTS / str(step) / META) for step in list_steps(run)}
    return {step: meta for step, meta in metas.items() if meta is not None}


def read_newest_meta(run: Path) -> Meta | None:
    """Returns the metadata of the newest checkpoint; None if it is damaged, or there is none.

    Args:
        run: the folder of the run.
    """
    steps = list_steps(run)
    if not steps or find_damage(run / CHECKPOINTS / str(steps[-1])) is not None:
        return None
    return read_metas(run)[steps[-1]]
