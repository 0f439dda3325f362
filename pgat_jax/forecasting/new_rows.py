"""Reads rows that a run never saw, with the run's columns and scaling, after the run's own rows."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pgat_jax.data.columns import remove_volatility
from pgat_jax.data.dataset import Data
from pgat_jax.data.history import count_earlier, prepend
from pgat_jax.data.source import load_table
from pgat_jax.data.splits import Split, Splits
from pgat_jax.data.table import Table, select
from pgat_jax.errors import UserError
from pgat_jax.storage.loaded_run import LoadedRun


def load_new_rows(run: LoadedRun, new: str | Path | Table, say: Callable[[str], None]) -> Data:
    """Reads rows to forecast from.

    Celestial columns that a file lacks are computed for its days. If the rows continue the table
    of the run, the earlier rows of the run come before them, so that five new rows are enough.

    Args:
        run: the run.
        new: the path of a CSV or Parquet file, or a table.
        say: called with a line if rows of the run come first.

    Returns:
        The table with the run's columns and scaler.

    Raises:
        UserError: the file is missing or bad, lacks columns of the run, or has too few rows for a
            forecast.
    """
    table = new if isinstance(new, Table) else _read(run, str(new))
    table, past = select(table, remove_volatility(run.scaler.columns)), _find_past(run)
    earlier = 0 if past is None else count_earlier(past, table)
    if past is not None and earlier:
        say(
            f"{table.source} begins within the table of the run: the run's {earlier:,} rows before "
            f"{table.dates[0]} come before it"
        )
        table = prepend(past, table)
    rows = run.prepare(table)
    _check_long_enough(rows, past)
    return rows


def split_after(rows: Data, day: np.datetime64) -> Data:
    """Returns rows with the test split after a day, and the training split up to it.

    Args:
        rows: the table.
        day: the last day that a run has seen in training or validation.

    Raises:
        UserError: there are too few rows after the day for one forecast, or too few up to it for
            the past of one.
    """
    table, config = rows.table, rows.config
    first = max(int(np.searchsorted(table.dates, day, side="right")), config.seq_len)
    if len(table) - first < config.pred_len:
        raise UserError(
            f"{table.source}: {max(0, len(table) - first)} days to score, expected at least "
            f"data.pred_len ({config.pred_len}): the days up to {day} were seen in training, and a "
            f"forecast needs data.seq_len ({config.seq_len}) days before it; give more new rows."
        )
    splits = Splits(Split(0, first), Split(first, first), Split(first, len(table)))
    return dataclasses.replace(rows, splits=splits)


def find_last_seen(run: LoadedRun) -> np.datetime64:
    """Returns the last day that a run has seen in training or in validation.

    Args:
        run: the run.

    Raises:
        UserError: the run's table cannot be read or has changed.
    """
    data = run.data
    return data.table.dates[data.splits.validation.stop - 1]


def _read(run: LoadedRun, file: str) -> Table:
    section = run.config.data.model_copy(update={"source": file})
    try:
        return load_table(section)
    except UserError as error:  # the user named the file by the flag, not by the key
        raise UserError(str(error).replace(f"data.source={file}", f"--data {file}")) from None


def _find_past(run: LoadedRun) -> Table | None:
    """Returns the table of the run; None if an earlier version kept none and its source is gone."""
    try:
        return run.data.table
    except UserError:
        return None


def _check_long_enough(rows: Data, past: Table | None) -> None:
    need, got = rows.config.seq_len, len(rows.table)
    if got >= need:
        return
    overlap = ""
    if past is not None:
        overlap = f", or begin with the prices of {past.dates[-1]}, the last day of the run's table"
    raise UserError(
        f"{rows.table.source}: {got:,} usable rows, expected at least {need:,} (data.seq_len), "
        f"which a forecast reads: give more rows before {rows.table.dates[0]}{overlap}."
    )
