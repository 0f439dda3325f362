"""Reads a pandas DataFrame as a table, by the rules for users' files."""

import pandas as pd

from pgat_jax.config import DataConfig
from pgat_jax.data.source import announce, load_content
from pgat_jax.data.table import Table

# The name of the source of a table that was given as a DataFrame.
FRAME = "DataFrame"


def load_frame(frame: pd.DataFrame, config: DataConfig) -> Table:
    """Returns the table of a DataFrame, exactly as of the CSV file that pandas writes of it.

    How it was read and what looks wrong in it are logged, as by `load_table`.

    Args:
        frame: a date and four prices a row; the date is a column, or the index.
        config: the `data` section of the configuration, whose source is not read.

    Returns:
        All rows, unscaled; the name of their source is `DataFrame`.

    Raises:
        UserError: a column is unknown or missing, or a value is bad.
    """
    has_dates = not isinstance(frame.index, pd.RangeIndex)
    section = config.model_copy(update={"source": FRAME})
    table = load_content(section, frame.to_csv(index=has_dates).encode())
    announce(table)
    return table
