"""The past that the forecasters of a back-test read: returns, dates and the horizon."""

from dataclasses import dataclass

import numpy as np

from pgat_jax.data.columns import TARGETS
from pgat_jax.data.har import append_trading_days
from pgat_jax.data.table import Table


@dataclass(frozen=True, eq=False)
class History:
    """Daily returns of a table, and the days that each of its rows may predict.

    A forecaster is given the whole history and a row, and reads nothing after that row but dates.

    Attributes:
        returns: log returns [days, T] of Open, High, Low and Close against the previous close.
        dates: [days + P] `datetime64[D]`, with the P trading days after the last row.
        horizon: P, the days ahead.
    """

    returns: np.ndarray
    dates: np.ndarray
    horizon: int

    def __len__(self) -> int:
        return len(self.returns)

    def find_truth(self, rows: np.ndarray) -> np.ndarray:
        """Returns the returns [O, P, T] of the P days after each row.

        Args:
            rows: [O] rows that have P rows after them.
        """
        return self.returns[rows[:, None] + 1 + np.arange(self.horizon)]


def make_history(table: Table, horizon: int, calendar: str) -> History:
    """Makes the history of a table.

    Args:
        table: the table.
        horizon: P, the days ahead.
        calendar: the days on which the market trades, for dates after the table's end.
    """
    dates = append_trading_days(table.dates, horizon, calendar)
    return History(table.values[:, : len(TARGETS)], dates, horizon)
