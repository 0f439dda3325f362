"""The daily volatility against simulated prices, and days that do not move."""

import numpy as np
import pytest

from pgat_jax.data.volatility import LEAST_VARIANCE, compute_log_volatility, smooth


def simulate_returns(days: int, night: float, session: float) -> np.ndarray:
    """Returns [days, 4] of a random walk with 400 steps a session."""
    rng = np.random.default_rng(0)
    opening = night * rng.normal(size=(days, 1))
    path = opening + np.cumsum(session / 20 * rng.normal(size=(days, 400)), 1)
    path = np.concatenate([opening, path], 1)
    return np.column_stack([opening, path.max(1), path.min(1), path[:, -1]])


@pytest.mark.parametrize(("night", "session"), [(0.0, 0.02), (0.01, 0.01), (0.03, 0.002)])
def test_mean_variance_of_a_random_walk_is_that_of_night_and_session(night, session):
    variance = np.exp(2 * compute_log_volatility(simulate_returns(4000, night, session)))
    # The range of 400 steps is smaller than that of a continuous walk: about 5% of its variance.
    assert variance.mean() == pytest.approx(night**2 + session**2, rel=0.1)


def test_units_are_those_of_the_returns():
    returns = simulate_returns(50, 0.01, 0.01)
    doubled = compute_log_volatility(2 * returns) - compute_log_volatility(returns)
    np.testing.assert_allclose(doubled, np.log(2), rtol=1e-12)


def test_a_day_without_a_move_has_the_least_volatility():
    log_volatility = compute_log_volatility(np.zeros((2, 4)))
    np.testing.assert_allclose(np.exp(2 * log_volatility), LEAST_VARIANCE)


def test_smoothing_gives_weights_that_halve_and_sum_to_one():
    values = np.random.default_rng(0).normal(size=50)
    weights = 0.5 ** (np.arange(50)[::-1] / 7)
    assert smooth(values, 7)[-1] == pytest.approx(np.average(values, weights=weights))
    np.testing.assert_allclose(smooth(np.full(50, 3.0), 7), 3.0)
    assert smooth(values, 7)[0] == values[0]
