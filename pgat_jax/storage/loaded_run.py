"""Reads a run back: its configuration, its model and the parameters of one checkpoint."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import jax

from pgat_jax.config import Config
from pgat_jax.config_file import load_config
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data, prepare_data
from pgat_jax.data.scaler import Scaler
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.model.build import Model, build
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.consistency import require_same_config, require_same_table
from pgat_jax.storage.folder import CHECKPOINTS, CONFIG, TABLE, find_run
from pgat_jax.storage.own_table import read_table


@dataclass(frozen=True)
class LoadedRun:
    """A run that was read back from its folder.

    Attributes:
        path: the folder of the run.
        config: the configuration the run was trained with.
        model: the model of that configuration.
        scaler: the columns and statistics the run was trained with.
        params: the parameters of the checkpoint.
        step: the training steps taken when the checkpoint was saved.
        taken: the training steps taken when the newest checkpoint was saved.
        meta: the JSON object in the checkpoint, with `data_hash` among its keys.
    """

    path: Path
    config: Config
    model: Model
    scaler: Scaler
    params: dict[str, Any]
    step: int
    taken: int
    meta: dict[str, Any] = field(repr=False)

    @cached_property
    def data(self) -> Data:
        """The table the run was trained on, read at first use from the run's folder.

        A folder without a sound copy, as of an earlier version, needs the source of the table.

        Raises:
            UserError: the table cannot be read, or has changed.
        """
        table = read_table(self.path, self.config.data.source)
        data = self._load_source() if table is None else self.prepare(table)
        require_same_table(self.path, self.meta["data_hash"], data.table)
        return data

    def prepare(self, table: Table) -> Data:
        """Returns a table with the columns and statistics of the run.

        Args:
            table: the run's own table, or other rows.

        Raises:
            UserError: the table lacks columns of the run.
        """
        return prepare_data(self.config.data, table, self.scaler)

    def _load_source(self) -> Data:
        try:
            return load_data(self.config)
        except UserError as error:
            text = f"{error} {self.path} has no sound copy of the table ({TABLE}) either."
            raise UserError(text) from None


def print_to_stderr(text: str) -> None:
    """Prints a line to stderr, since stdout is for results.

    Args:
        text: the line.
    """
    print(text, file=sys.stderr, flush=True)


def load_run(
    run: str | Path,
    which: Literal["best", "last"] = "best",
    say: Callable[[str], None] = print_to_stderr,
) -> LoadedRun:
    """Reads a run and the parameters of one of its checkpoints.

    Args:
        run: the folder of the run, or its name under `runs/`.
        which: `best` reads the checkpoint of the lowest validation loss, `last` the newest.
        say: called with one line for each damaged checkpoint that is skipped.

    Returns:
        The run with the parameters of the first undamaged checkpoint in that order. Its table is
        not read yet.

    Raises:
        UserError: there is no such run, it has no usable checkpoint, or its `config.yaml` was
            changed.
    """
    path = find_run(run)
    config = load_config(path / CONFIG)

    def make_templates(meta: dict[str, Any]) -> dict[str, Any]:
        require_same_config(path, config, meta["config"])
        model = build(config, Scaler.from_dict(meta["scaler"]).columns)
        return {"params": jax.eval_shape(model.init, jax.random.key(0))}

    with Checkpoints(path / CHECKPOINTS) as checkpoints:
        order = checkpoints.best_first() if which == "best" else None
        step, items, meta = checkpoints.restore(make_templates, say, order)
        taken = max(checkpoints.steps())
    scaler = Scaler.from_dict(meta["scaler"])
    model = build(config, scaler.columns)
    return LoadedRun(path, config, model, scaler, items["params"], step, taken, meta)
