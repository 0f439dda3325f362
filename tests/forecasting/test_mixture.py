"""Gaussian mixtures against scipy and scoringrules."""

import numpy as np
import pytest
import scoringrules
from scipy import stats

from pgat_jax.forecasting.mixture import GaussianMixture
from tests.forecasting.distributions import draw_mixture


def test_cdf_is_the_weighted_sum_of_the_components():
    m, y = draw_mixture(np.random.default_rng(7)), np.linspace(-2, 2, 6)
    each = stats.norm.cdf(y[:, None], m.means, m.scales)
    np.testing.assert_allclose(m.cdf(y), (m.weights * each).sum(-1))


def test_crps_agrees_with_scoringrules():
    rng = np.random.default_rng(8)
    m, y = draw_mixture(rng), rng.normal(size=6) * 3
    expected = scoringrules.crps_mixnorm(y, m.means, m.scales, m.weights)
    np.testing.assert_allclose(m.crps(y), expected, rtol=1e-9)


def test_quantiles_of_one_component_are_those_of_the_normal():
    normal = GaussianMixture(np.ones((1, 1)), np.array([[0.3]]), np.array([[1.7]]))
    u = np.array([0.001, 0.2, 0.5, 0.999])
    np.testing.assert_allclose(normal.quantile(u)[0], stats.norm.ppf(u, 0.3, 1.7))


def test_log_density_agrees_with_scipy_and_is_finite_with_a_weight_of_zero():
    m = GaussianMixture(np.array([1.0, 0.0]), np.array([0.5, 9.0]), np.array([2.0, 1.0]))
    assert m.log_density(np.array(1.0)) == pytest.approx(stats.norm.logpdf(1, 0.5, 2))
    assert np.isfinite(m.log_density(np.array(60.0)))
