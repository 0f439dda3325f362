"""Finds what a resumed run goes on with, and keeps its table and configuration in its folder."""

from collections.abc import Callable
from pathlib import Path

from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml, load_config
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data, prepare_data
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError, name_program
from pgat_jax.output import write_output
from pgat_jax.storage.folder import CONFIG
from pgat_jax.storage.metas import read_newest_meta
from pgat_jax.storage.own_table import read_table, save_table
from pgat_jax.training.snapshot import read_loop_state


def is_finished(run: Path, config: Config) -> bool:
    """Returns whether the newest checkpoint of a run is sound and leaves no step to train.

    Args:
        run: the folder of the run.
        config: its configuration.
    """
    meta = read_newest_meta(run)
    loop_state = None if meta is None else read_loop_state(meta)
    return loop_state is not None and loop_state.is_done(config.train)


def explain_finish(run: Path) -> str:
    """Returns the sentence for a run that is resumed though it is finished.

    Args:
        run: the folder of the run.
    """
    return (
        f"{run}: nothing left to train. `{name_program()} train --from {run}` trains a new run "
        "from its parameters, on a longer table or for more epochs."
    )


def load_own_data(run: Path, config: Config, say: Callable[[str], None]) -> Data:
    """Returns the table with which a resumed run goes on.

    It is the run's own copy, unless the configuration names another source than the run's. Whether
    that table is the same is checked when the checkpoint is read.

    Args:
        run: the folder of the run.
        config: its configuration; the source and the calendar may differ from the run's.
        say: called with a line if the source has other rows now or cannot be read.

    Raises:
        UserError: there is no sound copy, and the source cannot be read.
    """
    own = read_table(run, config.data.source)
    if own is None or config.data.source != load_config(run / CONFIG).data.source:
        return load_data(config)
    try:
        if load_data(config).table.hash != own.hash:
            say(
                f"{config.data.source} has other rows than when the run was started: the run goes "
                f"on with its own copy; `{name_program()} train --from {run}` trains on the new "
                "rows."
            )
    except UserError as error:
        say(f"{error} The run goes on with its own copy of the table.")
    return prepare_data(config.data, own)


def keep_inputs(run: Path, config: Config, table: Table) -> None:
    """Writes the table and the configuration into a run's folder where they are missing or differ.

    Args:
        run: the folder of the run.
        config: the configuration with which it is trained, which may name another source.
        table: the table that it is trained on.

    Raises:
        UserError: a file cannot be written.
    """
    if read_table(run, table.source) is None:
        save_table(run, table)
    own = load_config(run / CONFIG)
    if own.data != config.data:
        changed = own.model_copy(update={"data": config.data})
        write_output(run / CONFIG, dump_yaml(changed).encode())
