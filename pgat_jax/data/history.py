"""Puts the known past before a table that continues it."""

import dataclasses

import numpy as np

from pgat_jax.data.columns import PRICES, TARGETS
from pgat_jax.data.table import Table, take_rows

CLOSE = PRICES.index("Close")
# Largest relative difference of two closes that are the same but for rounding.
SAME_CLOSE = 1e-3


def count_earlier(past: Table, table: Table) -> int:
    """Returns how many rows of a table come before another table that continues it.

    A table continues the past if the close before its first row is the close of the past's row
    before that day. A file that begins with a day of the past and has its price is continued by its
    second row.

    Args:
        past: a table with the same columns.
        table: the later table.

    Returns:
        The number of rows of `past` before the first day of `table`; 0 if `table` does not
        continue `past`.
    """
    earlier = int(np.searchsorted(past.dates, table.dates[0]))
    if earlier == 0 or past.computed_sky != table.computed_sky or past.columns != table.columns:
        return 0
    close_before = table.prices[0, CLOSE] * np.exp(-table.values[0, TARGETS.index("log_Close")])
    difference = abs(close_before / past.prices[earlier - 1, CLOSE] - 1)
    return earlier if difference < SAME_CLOSE else 0


def prepend(past: Table, table: Table) -> Table:
    """Returns a table with the earlier rows of the past before it, if it continues the past.

    Args:
        past: a table with the same columns.
        table: the later table.

    Returns:
        `table` itself if it does not continue `past`, as `count_earlier` says.
    """
    earlier = count_earlier(past, table)
    if earlier == 0:
        return table
    before = take_rows(past, 0, earlier)
    note = f"the days to {before.dates[-1]} are those of {past.source}."
    return dataclasses.replace(
        table,
        dates=np.concatenate([before.dates, table.dates]),
        prices=np.concatenate([before.prices, table.prices]),
        values=np.concatenate([before.values, table.values]),
        notes=(*table.notes, note),
    )
