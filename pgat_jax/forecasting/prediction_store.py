"""Saves forecasts in the run folder, and reads them back if the same parameters made them.

The files are in `predictions/`, one a split. Each has a digest of its content, the parameters and
the table, so a damaged or outdated file is computed again.
"""

from pathlib import Path

import numpy as np

from pgat_jax.data.cache import seal, unseal
from pgat_jax.output import write_output
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import LoadedRun

FOLDER = "predictions"
Arrays = dict[str, np.ndarray]


def save_arrays(run: LoadedRun, split: str, arrays: Arrays) -> None:
    """Saves the arrays of a split.

    Args:
        run: the run that computed them.
        split: `validation` or `test`.
        arrays: name -> array, as the head of the model computed them.

    Raises:
        UserError: the file cannot be written.
    """
    write_output(_find_path(run, split), seal(_make_key(run, split), arrays))


def load_arrays(run: LoadedRun, split: str) -> Arrays | None:
    """Reads the arrays of a split.

    Args:
        run: the run that must have computed them.
        split: `validation` or `test`.

    Returns:
        The arrays; None if there is no file, it is damaged, or other parameters computed it.
    """
    try:
        content = _find_path(run, split).read_bytes()
    except OSError:
        return None
    return unseal(_make_key(run, split), content)


def _find_path(run: LoadedRun, split: str) -> Path:
    return run.path / FOLDER / f"{split}.npz"


def _make_key(run: LoadedRun, split: str) -> str:
    return f"{split} {hash_params(run.params)} {run.meta['data_hash']}"
