"""Computes the daily volatility of the four prices. It depends on NumPy alone.

The variance of a day is the squared return of the night plus the Garman-Klass variance of the
session (Garman and Klass 1980, doi:10.1086/296072), which uses the range of the day.
"""

import numpy as np

# The least variance of a day: a day on which no price moved would have a log volatility of -inf.
LEAST_VARIANCE = 1e-7
OPEN, HIGH, LOW, CLOSE = range(4)


def compute_log_volatility(returns: np.ndarray) -> np.ndarray:
    """Computes the logarithm of the volatility of each day, from the prices of that day.

    v = 0.5 log(o^2 + 0.5 (h - l)^2 - (2 log 2 - 1) (c - o)^2), where o, h, l, c are the four log
    returns. A variance below `LEAST_VARIANCE` counts as that.

    Args:
        returns: [days, 4] log returns of Open, High, Low and Close against the previous close.

    Returns:
        [days]: logarithms of standard deviations of daily log returns.
    """
    night, session = returns[:, OPEN], returns[:, CLOSE] - returns[:, OPEN]
    height = returns[:, HIGH] - returns[:, LOW]
    variance = night**2 + height**2 / 2 - (2 * np.log(2) - 1) * session**2
    return 0.5 * np.log(np.maximum(variance, LEAST_VARIANCE))
