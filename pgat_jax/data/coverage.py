"""States the dates that the calendar and the ephemeris cover, without loading either."""

from typing import NamedTuple

import numpy as np


class Coverage(NamedTuple):
    """A range of dates, both ends included.

    Attributes:
        source: what covers these dates, for error messages.
        first: the first date, `datetime64[D]`.
        last: the last date, `datetime64[D]`.
    """

    source: str
    first: np.datetime64
    last: np.datetime64

    def find_outside(self, dates: np.ndarray) -> np.ndarray:
        """Returns the indices of the dates that are not covered.

        Args:
            dates: [days] `datetime64[D]`.
        """
        return np.flatnonzero((dates < self.first) | (dates > self.last))


# Dates around which holidays are known.
CALENDAR = Coverage("the calendar", np.datetime64("1870-01-01"), np.datetime64("2099-12-31"))
# Dates for which DE421 and the integration of Chiron have positions, with room for light time.
EPHEMERIS = Coverage(
    "the ephemeris DE421", np.datetime64("1899-08-15"), np.datetime64("2053-10-02")
)
