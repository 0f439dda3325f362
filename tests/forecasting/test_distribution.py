"""What every distribution promises, whatever its kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forecasting.distributions import KINDS, draw_distribution

CONTINUOUS = ("mixture", "quantiles")


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    levels=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=2, max_size=12, unique=True),
)
def test_quantiles_never_cross(kind, seed, levels):
    values = draw_distribution(kind, seed).quantile(np.sort(levels))
    assert (np.diff(values, axis=-1) >= -1e-9).all()
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_cdf_inverts_the_quantile(kind):
    distribution = draw_distribution(kind, 5)
    for level in (0.001, 0.05, 0.3, 0.5, 0.9, 0.999):
        y = distribution.quantile(np.array([level]))[..., 0]
        np.testing.assert_allclose(distribution.cdf(y), level, atol=1e-7)


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_density_is_the_derivative_of_the_cdf(kind):
    distribution = draw_distribution(kind, 6)
    y = np.array([0.11, -0.52, 0.83])
    slope = (distribution.cdf(y + 1e-5) - distribution.cdf(y - 1e-5)) / 2e-5
    np.testing.assert_allclose(np.exp(distribution.log_density(y)), slope, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_crps_is_the_integral_of_the_squared_cdf_error(kind):
    distribution = draw_distribution(kind, 7)
    y = np.array([0.4, -1.5, 2.5])
    grid = np.linspace(-15, 15, 3001)
    cdf = np.stack([distribution.cdf(np.full(3, x)) for x in grid], -1)
    expected = np.trapezoid((cdf - (grid >= y[:, None])) ** 2, grid, axis=-1)
    np.testing.assert_allclose(distribution.crps(y), expected, atol=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_one_entry_is_the_same_distribution(kind):
    distribution, y = draw_distribution(kind, 8), np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(distribution.at(1).cdf(y[1]), distribution.cdf(y)[1])


@pytest.mark.parametrize("kind", KINDS)
def test_each_entry_may_have_levels_of_its_own(kind):
    distribution = draw_distribution(kind, 9)
    levels = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    expected = [distribution.quantile(row)[i] for i, row in enumerate(levels)]
    np.testing.assert_allclose(distribution.quantile(levels), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_transform_shifts_and_stretches(kind):
    distribution, y = draw_distribution(kind, 10), np.array([0.4, -1.5, 2.5])
    shift, scale = np.array([0.0, 1.0, -2.0]), np.array([1.0, 0.5, 3.0])
    moved = distribution.transform(shift, scale)
    np.testing.assert_allclose(moved.cdf(shift + scale * y), distribution.cdf(y))
    np.testing.assert_allclose(moved.crps(shift + scale * y), scale * distribution.crps(y))
