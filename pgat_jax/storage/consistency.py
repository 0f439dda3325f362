"""Checks that a configuration and a table are those that a run was trained with."""

from pathlib import Path
from typing import Any

from pgat_jax.config import Config
from pgat_jax.config_file import flatten_keys, load_config, validate
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.storage.folder import CONFIG

# Beginnings of the keys that may change while a run is trained.
FREE_KEYS = ("mesh.", "data.source", "data.calendar")


def require_same_config(run: Path, config: Config, started: dict[str, Any] | None = None) -> None:
    """Checks that a configuration equals the one a run was started with, where it must.

    The devices may differ, and so may the name of the table and the days after its end: the content
    of the table is compared by `require_same_table`.

    Args:
        run: the folder of the run.
        config: the configuration to check.
        started: the configuration in one of the run's checkpoints, as plain values; the run's
            `config.yaml` is compared if it is None.

    Raises:
        UserError: the two differ; the message names the first key that does, with both values.
    """
    own = load_config(run / CONFIG) if started is None else validate(started, f"{run}: checkpoint")
    stored = flatten_keys(own)
    given = flatten_keys(config)
    for key, value in given.items():
        if stored[key] != value and not key.startswith(FREE_KEYS):
            raise UserError(
                f"{run}: {key} is {value!r} but the run was started with {stored[key]!r}; a run "
                "keeps its own configuration: leave the change out of the command and of the "
                f"run's {CONFIG}, or train a new run."
            )


def require_same_table(run: Path, data_hash: str, table: Table) -> None:
    """Checks that a table is the one a run was trained on.

    Args:
        run: the folder of the run.
        data_hash: the digest of the table the run was trained on.
        table: the table to check.

    Raises:
        UserError: the digests differ.
    """
    if table.hash != data_hash:
        raise UserError(
            f"{run}: the table {table.source!r} has changed since the run was trained, or is "
            f"another one (digest {table.hash[:12]}, was {data_hash[:12]}): `train --from RUN` "
            "trains a new run on it, from the parameters of this one; `forecast RUN --data FILE` "
            "and `evaluate RUN --data FILE` read new rows."
        )
