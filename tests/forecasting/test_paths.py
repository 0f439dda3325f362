"""Sampled price paths: they compound, keep High and Low in place, and keep the marginals."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.paths import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    rank_days,
    sample_returns,
    to_prices,
)

RETURNS = arrays(float, (7, 5, 4), elements=st.floats(-0.3, 0.3))


def normal(scale=1.0):
    shape = (3, 4, 1)
    return GaussianMixture(np.ones(shape), np.zeros(shape), np.full(shape, scale))


def market_days(count=3000, seed=0):
    """Returns whose Open, High, Low and Close hang together as they must."""
    rng = np.random.default_rng(seed)
    opening, close = rng.normal(size=(2, count)) * [[0.4], [1.0]]
    high = np.maximum(opening, close) + rng.exponential(0.3, count)
    low = np.minimum(opening, close) - rng.exponential(0.3, count)
    return np.stack([opening, high, low, close], -1)


@settings(deadline=None)
@given(returns=RETURNS, last=st.floats(0.01, 1e5))
def test_high_and_low_hold_open_and_close_on_every_path(returns, last):
    prices = to_prices(returns, last)
    assert (prices[..., HIGH] >= prices[..., [OPEN, CLOSE]].max(-1)).all()
    assert (prices[..., LOW] <= prices[..., [OPEN, CLOSE]].min(-1)).all()
    assert (prices > 0).all()


def test_returns_compound_from_close_to_close():
    returns = np.zeros((2, 4))
    returns[:, CLOSE] = np.log([1.1, 1.2])
    returns[1, OPEN] = np.log(1.05)
    prices = to_prices(returns, 100.0)
    np.testing.assert_allclose(prices[:, CLOSE], [110, 132])
    np.testing.assert_allclose(prices[:, OPEN], [100, 115.5])


def test_real_prices_come_back_from_their_own_returns():
    rng = np.random.default_rng(0)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 6)))
    spread = np.array([0.999, 1.02, 0.98, 1.0])
    prices = closes[1:, None] * spread
    np.testing.assert_allclose(to_prices(np.log(prices / closes[:-1, None]), closes[0]), prices)


def test_samples_have_the_forecast_s_marginals():
    drawn = sample_returns(normal(), rank_days(market_days()), (20_000, 3, 4), seed=1)
    np.testing.assert_allclose(drawn.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(drawn.std(0), 1, atol=0.03)


def test_samples_of_a_day_hang_together_as_past_days_do_and_days_ahead_do_not():
    past = market_days()
    drawn = sample_returns(normal(), rank_days(past), (20_000, 3, 4), seed=1)
    ranks = drawn[:, 0].argsort(0).argsort(0)
    expected = np.corrcoef(rank_days(past).T)
    np.testing.assert_allclose(np.corrcoef(ranks.T), expected, atol=0.03)
    assert abs(np.corrcoef(drawn[:, 0, CLOSE], drawn[:, 1, CLOSE])[0, 1]) < 0.03


def test_the_same_seed_gives_the_same_paths():
    ranks = rank_days(market_days(50))
    one, two, other = (sample_returns(normal(), ranks, (9, 3, 4), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
