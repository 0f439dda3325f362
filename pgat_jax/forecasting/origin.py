"""Describes the day at which a forecast starts, with what is known of the days that it predicts."""

from typing import NamedTuple

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.data.dataset import Data

CLOSE = PRICES.index("Close")


class ForecastOrigin(NamedTuple):
    """The last known day of a forecast, and the P days after it.

    Attributes:
        row: the row of the table.
        date: the day.
        close: the closing price of the day.
        days: the trading days [P] that are forecast, `datetime64[D]`.
        truth: their prices [P, T]; NaN where they are not known yet.
    """

    row: int
    date: np.datetime64
    close: float
    days: np.ndarray
    truth: np.ndarray


def find_origin(data: Data, row: int, days: np.ndarray) -> ForecastOrigin:
    """Returns the origin at a row of the table.

    Args:
        data: the table.
        row: the row of the last known day.
        days: the trading days [P] after it, which may lie after the end of the table.
    """
    table = data.table
    truth = np.full((len(days), len(PRICES)), np.nan)
    known = table.prices[row + 1 : row + 1 + len(days)]
    truth[: len(known)] = known
    return ForecastOrigin(int(row), table.dates[row], float(table.prices[row, CLOSE]), days, truth)
