"""Finds the origins whose forecasts a reader wants to see: wild, calm and turning days."""

from typing import NamedTuple

import numpy as np

from pgat_jax.backtest.history import History
from pgat_jax.data.volatility import CLOSE

# The return of a day counts at least this much, so that days without movement can be divided by.
LEAST_MOVE = 1e-5


class NotableDay(NamedTuple):
    """An origin with the course of the close after it.

    Attributes:
        label: why it is notable.
        origin: the place of the origin among the origins.
        truth: log returns [P] of the close since the origin.
    """

    label: str
    origin: int
    truth: np.ndarray


def find_notable_days(history: History, rows: np.ndarray) -> list[NotableDay]:
    """Finds three origins: before the wildest, the calmest and the most suddenly changed days.

    Args:
        history: the returns.
        rows: the rows [O] of the origins.

    Returns:
        The origins by the mean square of the close's returns on the P days after them: the largest;
        the smallest; and the largest in comparison with that of the P days before the origin, more
        than P days from the first.
    """
    close, horizon = history.returns[:, CLOSE], history.horizon
    after = np.mean(history.find_truth(rows)[..., CLOSE] ** 2, axis=1)
    before = np.mean(close[rows[:, None] - np.arange(horizon)] ** 2, axis=1)
    wild, calm = int(after.argmax()), int(after.argmin())
    change = after / np.maximum(before, LEAST_MOVE**2)
    change = np.where(np.abs(rows - rows[wild]) > horizon, change, 0.0)
    return [
        NotableDay(label, place, history.find_truth(rows[[place]])[0, :, CLOSE].cumsum())
        for label, place in (
            ("the wildest days", wild),
            ("the calmest days", calm),
            ("the most sudden change", int(change.argmax())),
        )
    ]
