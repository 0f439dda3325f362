"""Computes the daily volatility of the four prices, and smooths daily values.

The variance of a day is the squared return of the night plus the Garman-Klass variance of the
session (Garman and Klass 1980, doi:10.1086/296072), which uses the range of the day.
"""

import numpy as np
from scipy.signal import lfilter

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


def smooth(values: np.ndarray, half_life: float) -> np.ndarray:
    """Computes the exponentially weighted mean of each row and all earlier ones.

    Args:
        values: [days].
        half_life: the number of days after which the weight of a day has halved.

    Returns:
        [days]; the weights of each row sum to 1.
    """
    decay = 0.5 ** (1 / half_life)
    sums = lfilter([1.0], [1.0, -decay], np.stack([values, np.ones_like(values)]))
    return np.divide(*sums)
