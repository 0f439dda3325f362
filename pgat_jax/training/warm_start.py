"""Starts a new run from the parameters of another one."""

import json
from pathlib import Path

import jax

from pgat_jax.data.dataset import Data
from pgat_jax.errors import UserError
from pgat_jax.model.build import Params
from pgat_jax.output import write_output
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.folder import WARM_START
from pgat_jax.storage.loaded_run import LoadedRun


def require_same_shapes(run: LoadedRun, expected: Params) -> None:
    """Checks that a model can start from the parameters of a run.

    Args:
        run: the run.
        expected: the shapes of the parameters of the new model, as `Plan.param_shapes`.

    Raises:
        UserError: a leaf is missing or has another shape; the message names the first.
    """
    own, wanted = _list_shapes(run.params), _list_shapes(expected)
    for name in sorted(own.keys() | wanted.keys()):
        if own.get(name) != wanted.get(name):
            raise UserError(
                f"--from {run.path}: the parameter {name} has the shape {own.get(name, 'none')} "
                f"there, expected {wanted.get(name, 'none')}: a warm start keeps the keys of "
                "`model` and `loss` and the columns of the table; leave such changes out, or train "
                "without --from."
            )


def describe_start(run: LoadedRun, data: Data) -> str:
    """Returns a sentence that says what is taken from a run, and what is fitted anew.

    Args:
        run: the run.
        data: the table of the new run.
    """
    first, stop = data.splits.train
    fitted = "scaler is" if data.scaler.har is None else "scaler and the volatility forecast are"
    return (
        f"starting from the parameters of {run.path.resolve().name} at step {run.step:,}, with a "
        f"new optimiser; the {fitted} fitted anew, to {stop - first:,} training rows, "
        f"{data.table.dates[first]} to {data.table.dates[stop - 1]}"
    )


def record_start(folder: Path, run: LoadedRun | None) -> None:
    """Writes into a new run's folder which parameters it starts from.

    Args:
        folder: the folder of the new run.
        run: the run whose parameters are taken; nothing is written if it is None.

    Raises:
        UserError: the file cannot be written.
    """
    if run is None:
        return
    start = {
        "run": run.path.resolve().name,
        "step": run.step,
        "params_sha256": hash_params(run.params),
    }
    write_output(folder / WARM_START, (json.dumps(start, indent=1) + "\n").encode())


def _list_shapes(tree: Params) -> dict[str, tuple[int, ...]]:
    """Returns name -> shape of each leaf."""
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }
