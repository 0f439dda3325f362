"""The checked rows of a source: dates, four prices, and other columns by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import UserError

# The most rows of a source, one a day: more than all days from 1870 to 2099.
MAX_ROWS = 100_000
# A smaller price counts as zero, since its ratios would overflow.
SMALLEST = 1e-100


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The rows of a source, before computed columns are added to them.

    Attributes:
        dates: [days] `datetime64[D]`, strictly increasing.
        prices: [days, 4] float64: Open, High, Low, Close.
        own: columns of the model that the source contains: name -> [days] float64.
        notes: how the source was read, for the user.
        warnings: what looks wrong, for the user.
    """

    dates: np.ndarray
    prices: np.ndarray
    own: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_dates(
    dates: np.ndarray, where: str, column: str = "Date", lines: Sequence[int] | None = None
) -> None:
    """Checks that dates are sorted and that none is repeated.

    Args:
        dates: [days] `datetime64[D]`.
        where: the source, for error messages.
        column: the header name of the dates.
        lines: the number of each row in error messages (default: 2, 3, ...).

    Raises:
        UserError: a date is not later than the one before it; the text names the source, row,
            column and both dates.
    """
    wrong = np.flatnonzero(np.diff(dates) <= np.timedelta64(0, "D"))
    if not wrong.size:
        return
    i = int(wrong[0]) + 1
    before = f"is earlier than {dates[i - 1]} in the row before it"
    rule = "occurs twice" if dates[i] == dates[i - 1] else before
    raise UserError(
        f"{where}, row {_line(i, lines)}, column {column!r}: {dates[i]} {rule}: "
        "expected one row a day, oldest first."
    )


def check_prices(prices: np.ndarray, where: str, lines: Sequence[int] | None = None) -> None:
    """Checks that prices are positive, and no High is below its Low.

    Args:
        prices: [days, 4] Open, High, Low, Close.
        where: the source, for error messages.
        lines: the number of each row in error messages (default: 2, 3, ...).

    Raises:
        UserError: a price is not above `SMALLEST`, or a High is below its Low; the text names the
            source, row, column and value.
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
