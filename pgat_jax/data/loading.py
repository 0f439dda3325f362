"""Loads the table of a configuration, splits it and scales it."""

import logging

from pgat_jax.config import Config, DataConfig
from pgat_jax.data.columns import (
    TARGETS,
    Columns,
    add_volatility,
    list_computed_columns,
    remove_volatility,
)
from pgat_jax.data.dataset import Data
from pgat_jax.data.find_calendar import settle_calendar
from pgat_jax.data.har import SQUARE_HALF_LIVES, fit_har
from pgat_jax.data.prices import WHEELS
from pgat_jax.data.residual_units import convert_to_residuals
from pgat_jax.data.scaler import Scaler, fit, fit_residuals
from pgat_jax.data.source import load_table
from pgat_jax.data.splits import Splits, check_enough, split_rows
from pgat_jax.data.table import Table, drop_constant, select

_LOGGER = logging.getLogger(__name__)


def load_data(config: Config, scaler: Scaler | None = None) -> Data:
    """Loads the table of `config.data.source`, splits and scales it.

    Args:
        config: the configuration.
        scaler: the scaler of a run, for a table that the run need not have seen. The table then
            gets the run's columns, by name, and its statistics, and its number of rows is not
            checked. None fits a scaler to the training rows, and leaves out the columns that are
            constant there (see `split_data`), with a warning.

    Returns:
        The table with its splits and scaler; in its `config`, the calendar that was found stands
        in the place of `auto`.

    Raises:
        UserError: the source is missing or bad, has too few rows for the splits (without
            `scaler`), or lacks columns of `scaler`.
    """
    return prepare_data(config.data, load_table(config.data), scaler)


def prepare_data(config: DataConfig, table: Table, scaler: Scaler | None = None) -> Data:
    """Splits and scales a table, as `load_data`.

    Args:
        config: the `data` section of the configuration; its source is not read.
        table: all rows, unscaled.
        scaler: as for `load_data`.

    Raises:
        UserError: the table is too short, or lacks columns of the scaler.
    """
    splits = split_rows(len(table), config)
    if scaler is not None:
        columns = remove_volatility(scaler.columns)
        section = settle_calendar(config, table)
        return Data(section, select(table, columns), splits, scaler)
    check_enough(len(table), config, table.source)
    return split_data(config, table, splits)


def split_data(config: DataConfig, table: Table, splits: Splits) -> Data:
    """Fits the scaler to the training rows of a table, and joins the parts.

    Args:
        config: the `data` section of the configuration.
        table: all rows, unscaled.
        splits: the rows of training, validation and test.

    Returns:
        The table, which stays unscaled, with its splits and the fitted scaler. The columns that
        never change in the training rows are left out, and a warning is logged, unless
        `config.keep_constant`.
    """
    train = slice(*splits.train)
    config = settle_calendar(config, table)
    if not config.keep_constant:
        table = drop_constant(table, train)
        _log_dropped(table)
    if config.volatility == "none":
        return Data(config, table, splits, fit(table.values[train], table.columns))
    returns = table.values[:, : len(TARGETS)]
    har = fit_har(returns, table.dates, splits.train, config.pred_len, SQUARE_HALF_LIVES)
    units = convert_to_residuals(table.values, table.dates, har, config.calendar)
    scaler = fit_residuals(units.values[train], table.values[train], table.columns, har)
    return Data(config, table, splits, scaler)


def load_columns(config: Config) -> Columns:
    """Returns the layout of the columns that the model of a configuration sees.

    For a built-in source it does not build the table.

    Args:
        config: the configuration.

    Raises:
        UserError: as `load_data`.
    """
    if config.data.source in WHEELS:
        columns = list_computed_columns()
        return columns if config.data.volatility == "none" else add_volatility(columns)
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
