"""The rows of a source, checked: dates, four prices, and what else it brings by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import UserError

SMALLEST = 1e-100
"""A price below it is zero: ratios would overflow."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A source before the sky joins it."""

    dates: np.ndarray
    """[days] ``datetime64[D]``, increasing strictly."""
    prices: np.ndarray
    """[days, 4] float64: Open, High, Low, Close."""
    own: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Columns of the model that the source itself states: name -> [days] float64."""
    notes: tuple[str, ...] = ()
    """What a reader should know about how the source was read."""


def check_dates(
    dates: np.ndarray, where: str, column: str = "Date", lines: Sequence[int] | None = None
) -> None:
    """Refuse repeated and unsorted dates.

    ``lines``: the number by which each row is named in errors (default: 2, 3, ...).

    Raises:
        UserError: names the source, row, column and both dates.
    """
    wrong = np.flatnonzero(np.diff(dates) <= np.timedelta64(0, "D"))
    if not wrong.size:
        return
    i = int(wrong[0]) + 1
    before = f"is earlier than {dates[i - 1]} in the row before it"
    rule = "stands twice" if dates[i] == dates[i - 1] else before
    raise UserError(
        f"{where}, row {_line(i, lines)}, column {column!r}: {dates[i]} {rule}: "
        "expected one row a day, oldest first."
    )


def check_prices(prices: np.ndarray, where: str, lines: Sequence[int] | None = None) -> None:
    """Refuse prices that are not positive, and a High below its Low.

    Raises:
        UserError: names the source, row, column and value.
    """
    for i, j in np.argwhere(~(prices > SMALLEST))[:1]:
        raise UserError(
            f"{where}, row {_line(i, lines)}, column {PRICES[j]!r}: got {prices[i, j]:g}, expected "
            "a price above zero."
        )
    for i in np.flatnonzero(prices[:, 1] < prices[:, 2])[:1]:
        raise UserError(
            f"{where}, row {_line(i, lines)}, column 'High': got {prices[i, 1]:g}, expected at "
            f"least Low ({prices[i, 2]:g})."
        )


def _line(row: int | np.integer, lines: Sequence[int] | None) -> int:
    return int(row) + 2 if lines is None else int(lines[int(row)])
