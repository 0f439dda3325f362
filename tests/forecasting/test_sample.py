"""Empirical distributions against NumPy and scoringrules."""

import numpy as np
import scoringrules

from pgat_jax.forecasting.sample import Sample


def test_crps_agrees_with_scoringrules():
    rng = np.random.default_rng(9)
    values, y = np.sort(rng.normal(size=(6, 40)), -1), rng.normal(size=6) * 2
    expected = scoringrules.crps_ensemble(y, values, estimator="nrg")
    np.testing.assert_allclose(Sample(values).crps(y), expected, rtol=1e-9)


def test_quantiles_agree_with_numpy():
    values = np.sort(np.random.default_rng(1).normal(size=(4, 17)), -1)
    u = np.array([0.001, 0.3, 0.5, 0.999])
    expected = np.moveaxis(np.quantile(values, u, axis=-1), 0, -1)
    np.testing.assert_allclose(Sample(values).quantile(u), expected)


def test_values_equal_to_y_count_half():
    sample = Sample(np.array([[0.0, 1.0, 1.0, 2.0]]))
    np.testing.assert_array_equal(sample.cdf(np.array([1.0])), [0.5])
    np.testing.assert_array_equal(sample.cdf(np.array([0.5])), [0.25])
    np.testing.assert_array_equal(sample.cdf(np.array([2.0])), [0.875])


def test_one_value_is_every_quantile():
    np.testing.assert_array_equal(
        Sample(np.array([[3.0]])).quantile(np.array([0.1, 0.9])), [[3, 3]]
    )


def test_a_sample_has_no_density():
    assert Sample(np.zeros((1, 3))).log_density(np.zeros(1)) is None
