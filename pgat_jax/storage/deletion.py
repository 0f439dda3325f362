"""Deletes a run: the files that the programs write into its folder, and no others."""

import shutil
from pathlib import Path

from pgat_jax.errors import UserError
from pgat_jax.storage.folder import CONFIG, VERSIONS
from pgat_jax.storage.lock import lock_run

# What a run's folder contains, as patterns of `Path.glob`; the configuration is deleted last.
WRITTEN = (
    "checkpoints",
    "predictions",
    "pictures",
    "metrics.jsonl",
    "events.out.tfevents.*",
    "scores.json",
    "forecasts.csv",
    "forecast-*.csv",
    "forecast-*.png",
    "next_days.json",
    "report.html",
    "table.npz",
    "warm_start.json",
    ".lock-process",
    ".lock",
    VERSIONS,
    CONFIG,
)


def delete_run(run: Path) -> list[str]:
    """Deletes a run's folder. Files that no program of this package writes stay, with the folder.

    Args:
        run: the folder of the run.

    Returns:
        The names of what stays in the folder, empty if it is deleted.

    Raises:
        UserError: it is not a run's folder, it is a link, or a process is training the run.
    """
    if run.is_symlink() or not all((run / name).is_file() for name in (CONFIG, VERSIONS)):
        raise UserError(
            f"{run}: expected the folder of a run, with {CONFIG} and {VERSIONS}, and no link to "
            "one; nothing is deleted."
        )
    with lock_run(run):
        pass  # nobody trains it
    for pattern in WRITTEN:
        for path in run.glob(pattern):
            _delete(path)
    left = sorted(path.name for path in run.iterdir())
    if not left:
        run.rmdir()
    return left


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
