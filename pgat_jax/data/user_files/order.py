"""Puts the rows of a user's file in order, or says which row is not in order."""

import numpy as np

from pgat_jax.data.user_files.cells import Cells
from pgat_jax.data.user_files.clocks import DAY
from pgat_jax.data.user_files.dates import Reading
from pgat_jax.data.user_files.recognition import Roles

# The share of rows on the day of the row before from which on they are bars of a day.
_MANY = 0.1


def arrange_rows(
    cells: Cells, roles: Roles, dates: Reading, values: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Finds the order in which rows are read: oldest first, and each day once.

    Args:
        cells: the columns of the file.
        roles: what the columns are.
        dates: the dates of the rows.
        values: [rows, columns] what the rows state.

    Returns:
        The indices of the rows, and what to say to the user about their order.

    Raises:
        UserError: a day occurs twice with other values, or rows are in no order.
    """
    order, notes = np.arange(len(dates.days)), []
    steps = np.diff(dates.days) / DAY
    if len(steps) and (steps <= 0).all() and (steps < 0).any():
        order, notes = order[::-1], ["newest first, reversed"]
    days = dates.days[order]
    if len(days) > 1 and days[-1] == days[-2]:
        last, before = values[order[-1]], values[order[-2]]
        if np.array_equal(last, before, equal_nan=True):
            order, notes = order[:-1], [*notes, "the last row, which stood there twice, once"]
    _check_order(cells, roles, dates, order)
    return order, notes


def _check_order(cells: Cells, roles: Roles, dates: Reading, order: np.ndarray) -> None:
    days, column = dates.days[order], roles.date
    steps = np.diff(days) / DAY
    wrong = np.flatnonzero(steps <= 0)
    if not wrong.size:
        return
    before, row = order[wrong[0]], int(order[wrong[0] + 1])
    parse = f"{dates.parse}, utc=True)"
    if steps[wrong[0]] < 0:
        what = f"{dates.days[row]} is earlier than {dates.days[before]} in the row before it"
        raise cells.refuse(
            column, row, f"{what}: expected one row a day, oldest or newest first; to sort them",
            f"df = df.iloc[{parse}.argsort(kind='stable')]",
        )  # fmt: skip
    what = f"{dates.days[row]} occurs twice: expected one row a day"
    if (steps == 0).mean() > _MANY:
        what += ", not bars of hours or prices of several instruments; to join bars"
        raise cells.refuse(column, row, what, *_join_bars(cells, roles, dates))
    keep = f"df = df.drop_duplicates({cells.names[column]!r}, keep='last')"
    raise cells.refuse(column, row, f"{what}; to keep the last of each", keep)


def _join_bars(cells: Cells, roles: Roles, dates: Reading) -> tuple[str, str]:
    """Returns the statements that join the bars of a day."""
    name = cells.names[roles.date]
    rules = {"Open": "first", "High": "max", "Low": "min", "Close": "last"}
    joined = {cells.names[i]: rules[price] for price, i in roles.own.items() if price in rules}
    return (
        f"df[{list(joined)}] = df[{list(joined)}].astype(float)",
        f"df = df.groupby({dates.parse}).dt.date.rename({name!r})).agg({joined}).reset_index()",
    )
