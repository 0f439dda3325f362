"""A history of a few hundred simulated days whose volatility comes and goes."""

import numpy as np
import pytest

from pgat_jax.backtest import bootstrap
from pgat_jax.backtest.history import History
from pgat_jax.data.har import append_trading_days

DAYS, HORIZON = 700, 3


@pytest.fixture(scope="module", autouse=True)
def few_resamples(request):
    """Draws fewer resamples where no test is about the intervals themselves."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_bootstrap"):
            patch.setattr(bootstrap, "RESAMPLES", 200)
        yield


@pytest.fixture(scope="session")
def history() -> History:
    return simulate(DAYS)


def simulate(days: int, seed: int = 0) -> History:
    """Simulates four log returns a day, with High above and Low below Open and Close."""
    rng = np.random.default_rng(seed)
    log_volatility = np.zeros(days)
    for day in range(1, days):
        log_volatility[day] = 0.97 * log_volatility[day - 1] + 0.12 * rng.normal()
    shape = rng.normal(size=(days, 4))
    night, close = 0.3 * shape[:, 0], 0.3 * shape[:, 0] + shape[:, 1]
    high = np.maximum(night, close) + 0.3 * np.abs(shape[:, 2])
    low = np.minimum(night, close) - 0.3 * np.abs(shape[:, 3])
    returns = np.stack([night, high, low, close], 1) * 0.01 * np.exp(log_volatility)[:, None]
    first = np.array(["2009-12-31"], "datetime64[D]")
    dates = append_trading_days(first, days - 1 + HORIZON, "24/5")
    return History(returns, dates, HORIZON)
