"""Volatility as an exponentially weighted mean of the squared returns of the close."""

import numpy as np
from scipy.signal import lfilter

# Days after which a day's weight has halved. The decay of RiskMetrics (1996), 0.94, is a half-life
# of 11 days; with it EWMA-FHS has a pooled skill of 2.96% in place of 2.72% (refitted yearly).
HALF_LIFE = 20
DECAY = 0.5 ** (1 / HALF_LIFE)
# The least variance: a volatility of 0.01% a day.
LEAST_VARIANCE = 1e-8


def forecast_log_volatility(close: np.ndarray, horizon: int) -> np.ndarray:
    """Computes the log volatility that is forecast on each day, the same for all days ahead.

    The weights of the days up to t are divided by their sum, so that no starting value is needed.

    Args:
        close: log returns [days] of the close.
        horizon: P, the days ahead.

    Returns:
        [days, P].
    """
    sums = lfilter([1.0], [1.0, -DECAY], np.stack([close**2, np.ones_like(close)]))
    variance = np.maximum(np.divide(*sums), LEAST_VARIANCE)
    return np.repeat(0.5 * np.log(variance)[:, None], horizon, axis=1)
