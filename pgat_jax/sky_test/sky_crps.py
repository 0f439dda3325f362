"""Scores many shifted and stretched forms of one pool at once, by the pooled CRPS.

The CRPS of s (m + X) at y, with X drawn from a pool, is s g(y / s - m), where the function
g(u) = E|X - u| - E|X - X'| / 2 depends on the pool alone. So g is tabulated once; between its
points it is interpolated, which errs by a millionth, and beyond the pool it is linear.
`forecasting.sample` has the plain form.
"""

import numpy as np

# Points of the table of g.
POINTS = 4096


class TabulatedPool:
    """The CRPS of a pool of standardised, equally likely values, tabulated for many truths.

    It is made of the values [M], not all equal; `score` gives the CRPS.
    """

    def __init__(self, values: np.ndarray):
        """Tabulates g.

        Args:
            values: [M], not all equal.
        """
        ordered, count = np.sort(values), len(values)
        self._width = (ordered[-1] - ordered[0]) / (POINTS - 3)
        self._low = ordered[0] - self._width
        points = self._low + self._width * np.arange(POINTS)
        below = np.searchsorted(ordered, points)
        sums = np.concatenate([[0.0], np.cumsum(ordered)])
        distance = (2 * below - count) * points + sums[-1] - 2 * sums[below]
        rank = 2 * np.arange(1, count + 1) - count - 1
        self._table = distance / count - rank @ ordered / count**2
        self._steps = np.diff(self._table)

    def score(self, truth: np.ndarray) -> np.ndarray:
        """Computes the CRPS g(u) = E|X - u| - E|X - X'| / 2 of the pool, X, at truths u.

        Args:
            truth: u [...]; beyond the pool the CRPS is linear.

        Returns:
            [...]; it is interpolated, and errs by about a millionth.
        """
        place = (truth - self._low) / self._width
        left = np.clip(place.astype(np.int32), 0, POINTS - 2)
        return self._table[left] + (place - left) * self._steps[left]
