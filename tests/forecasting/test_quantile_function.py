"""Joined quantiles against the normal distribution that they are taken from."""

import numpy as np
import pytest
import scoringrules
from scipy import stats

from pgat_jax.forecasting.quantile_function import QuantileFunction
from tests.forecasting.distributions import LEVELS

NORMAL = stats.norm(0.3, 1.7)
JOINED = QuantileFunction(LEVELS, NORMAL.ppf(LEVELS)[None])


def test_quantiles_of_a_normal_give_its_quantiles_back_in_the_tails_too():
    u = np.array([0.0005, 0.01, 0.4, 0.77, 0.9999])
    np.testing.assert_allclose(JOINED.quantile(u)[0], NORMAL.ppf(u), rtol=1e-9)


@pytest.mark.parametrize("y", [-6.0, 0.0, 5.0])
def test_quantiles_of_a_normal_give_its_scores_back(y):
    at = np.array([y])
    np.testing.assert_allclose(JOINED.cdf(at), NORMAL.cdf(y), rtol=1e-9)
    np.testing.assert_allclose(JOINED.log_density(at), NORMAL.logpdf(y), rtol=1e-9)
    expected = scoringrules.crps_normal(y, 0.3, 1.7)
    np.testing.assert_allclose(JOINED.crps(at), expected, rtol=2e-3)


def test_the_quantiles_at_the_levels_are_the_values():
    values = np.array([[-1.0, -0.9, 0.0, 0.1, 2.0, 2.5, 9.0]])
    np.testing.assert_allclose(QuantileFunction(LEVELS, values).quantile(LEVELS), values)


def test_tied_quantiles_have_a_finite_density():
    tied = QuantileFunction(np.array([0.1, 0.5, 0.9]), np.array([[0.0, 0.0, 1.0]]))
    assert np.isfinite(tied.log_density(np.array([0.0]))).all()
    assert np.isfinite(tied.cdf(np.array([-0.5]))).all()
