"""Loads the table of a configuration, splits it and scales it."""

import logging

from pgat_jax.config import Config
from pgat_jax.data.columns import Columns, list_computed_columns
from pgat_jax.data.dataset import Data
from pgat_jax.data.prices import WHEELS
from pgat_jax.data.scaler import Scaler, fit
from pgat_jax.data.source import load_table
from pgat_jax.data.splits import check_enough, split_rows
from pgat_jax.data.table import Table, drop_constant, select

_LOGGER = logging.getLogger(__name__)


def load_data(config: Config, scaler: Scaler | None = None) -> Data:
    """Loads the table of `config.data.source`, splits and scales it.

    Args:
        config: the configuration.
        scaler: the scaler of a run, for a table that the run need not have seen. The table then
            gets the run's columns, by name, and its statistics, and needs only the rows of the
            past of one window. By default the statistics are those of the training rows.

    Raises:
        UserError: the source is missing, bad or too short.
    """
    table = load_table(config.data)
    splits = split_rows(len(table), config.data)
    if scaler is not None:
        return Data(config.data, select(table, scaler.columns), splits, scaler)
    check_enough(len(table), config.data, table.source)
    train = slice(*splits.train)
    if not config.data.keep_constant:
        table = drop_constant(table, train)
        _log_dropped(table)
    return Data(config.data, table, splits, fit(table.values[train], table.columns))


def load_columns(config: Config) -> Columns:
    """Returns the layout of the table; for a built-in source, without building the table.

    Args:
        config: the configuration.

    Raises:
        UserError: as `load_data`.
    """
    if config.data.source in WHEELS:
        return list_computed_columns()
    return load_data(config).columns


def _log_dropped(table: Table) -> None:
    if table.dropped:
        _LOGGER.warning(
            "%s: %d columns never change in the training rows, and are left out "
            "(data.keep_constant=true keeps them): %s.",
            table.source,
            len(table.dropped),
            ", ".join(table.dropped),
        )
