"""Distributions against scipy, scoringrules and numerical integration; quantiles never cross."""

import numpy as np
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pgat_jax.forecasting.distribution import GaussianMixture, QuantileFunction, Sample

LEVELS = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])


def mixture(rng, shape=(6,), components=3):
    weights = rng.dirichlet(np.ones(components), size=shape)
    means = rng.normal(size=(*shape, components))
    return GaussianMixture(weights, means, rng.uniform(0.05, 2, size=(*shape, components)))


def normal_quantiles(mean=0.3, scale=1.7):
    return QuantileFunction(LEVELS, stats.norm.ppf(LEVELS, mean, scale)[None])


def drawn(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "mixture":
        return mixture(rng, (3,))
    if kind == "quantiles":
        return QuantileFunction(LEVELS, np.sort(rng.normal(size=(3, len(LEVELS))), -1))
    return Sample(np.sort(rng.normal(size=(3, 20)), -1))


KINDS = ("mixture", "quantiles", "sample")


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    levels=st.lists(st.floats(1e-6, 1 - 1e-6), min_size=2, max_size=12, unique=True),
)
def test_quantiles_never_cross(kind, seed, levels):
    values = drawn(kind, seed).quantile(np.sort(levels))
    assert (np.diff(values, axis=-1) >= -1e-9).all()
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", ["mixture", "quantiles"])
def test_cdf_undoes_quantile(kind):
    distribution = drawn(kind, 5)
    for level in (0.001, 0.05, 0.3, 0.5, 0.9, 0.999):
        y = distribution.quantile(np.array([level]))[..., 0]
        np.testing.assert_allclose(distribution.cdf(y), level, atol=1e-7)


@pytest.mark.parametrize("kind", ["mixture", "quantiles"])
def test_density_is_the_derivative_of_the_cdf(kind):
    distribution = drawn(kind, 6)
    y = np.array([0.11, -0.52, 0.83])
    slope = (distribution.cdf(y + 1e-5) - distribution.cdf(y - 1e-5)) / 2e-5
    np.testing.assert_allclose(np.exp(distribution.log_density(y)), slope, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_crps_is_the_integral_of_the_squared_cdf_error(kind):
    distribution = drawn(kind, 7)
    y = np.array([0.4, -1.5, 2.5])
    grid = np.linspace(-15, 15, 60_001)
    cdf = np.stack([distribution.cdf(np.full(3, x)) for x in grid[::20]], -1)
    expected = np.trapezoid((cdf - (grid[::20] >= y[:, None])) ** 2, grid[::20], axis=-1)
    np.testing.assert_allclose(distribution.crps(y), expected, atol=0.01)


def test_mixture_crps_agrees_with_scoringrules():
    rng = np.random.default_rng(8)
    m, y = mixture(rng), rng.normal(size=6) * 3
    expected = scoringrules.crps_mixnorm(y, m.means, m.scales, m.weights)
    np.testing.assert_allclose(m.crps(y), expected, rtol=1e-9)


def test_sample_crps_agrees_with_scoringrules():
    rng = np.random.default_rng(9)
    values, y = np.sort(rng.normal(size=(6, 40)), -1), rng.normal(size=6) * 2
    expected = scoringrules.crps_ensemble(y, values, estimator="nrg")
    np.testing.assert_allclose(Sample(values).crps(y), expected, rtol=1e-9)


def test_quantiles_of_a_normal_give_that_normal_back():
    joined, normal = normal_quantiles(), stats.norm(0.3, 1.7)
    u = np.array([0.0005, 0.01, 0.4, 0.77, 0.9999])
    np.testing.assert_allclose(joined.quantile(u)[0], normal.ppf(u), rtol=1e-9)
    for y in (-6.0, 0.0, 5.0):
        np.testing.assert_allclose(joined.cdf(np.array([y])), normal.cdf(y), rtol=1e-9)
        np.testing.assert_allclose(joined.log_density(np.array([y])), normal.logpdf(y), rtol=1e-9)
        expected = scoringrules.crps_normal(y, 0.3, 1.7)
        np.testing.assert_allclose(joined.crps(np.array([y])), expected, rtol=2e-3)


def test_mixture_log_density_agrees_with_scipy_and_survives_a_weight_of_zero():
    m = GaussianMixture(np.array([1.0, 0.0]), np.array([0.5, 9.0]), np.array([2.0, 1.0]))
    assert m.log_density(np.array(1.0)) == pytest.approx(stats.norm.logpdf(1, 0.5, 2))
    assert np.isfinite(m.log_density(np.array(60.0)))


def test_sample_quantiles_agree_with_numpy():
    values = np.sort(np.random.default_rng(1).normal(size=(4, 17)), -1)
    u = np.array([0.001, 0.3, 0.5, 0.999])
    expected = np.moveaxis(np.quantile(values, u, axis=-1), 0, -1)
    np.testing.assert_allclose(Sample(values).quantile(u), expected)


def test_tied_quantiles_have_a_finite_density():
    tied = QuantileFunction(np.array([0.1, 0.5, 0.9]), np.array([[0.0, 0.0, 1.0]]))
    assert np.isfinite(tied.log_density(np.array([0.0]))).all()
    assert np.isfinite(tied.cdf(np.array([-0.5]))).all()
