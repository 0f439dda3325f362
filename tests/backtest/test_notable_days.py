"""The days of which a page shows fans."""

import numpy as np

from pgat_jax.backtest.history import History
from pgat_jax.backtest.notable_days import find_notable_days


def test_wild_calm_and_turning_days_are_found():
    close = np.full(200, 0.01) * np.where(np.arange(200) % 2, 1, -1)
    close[50:53] = 0.08, -0.09, 0.08  # wild, before and after
    close[100:103] = 0.0009  # calm
    close[147:150] = 0.001  # calm before
    close[150:153] = 0.02, 0.03, 0.02  # a sudden change
    returns = np.repeat(close[:, None], 4, 1)
    history = History(returns, np.arange(203).astype("datetime64[D]"), 3)
    rows = np.arange(10, 190)
    wild, calm, change = find_notable_days(history, rows)
    assert (rows[wild.origin], rows[calm.origin], rows[change.origin]) == (49, 99, 149)
    np.testing.assert_allclose(change.truth, [0.02, 0.05, 0.07])
    assert change.label == "the most sudden change"
