"""The tabulated CRPS equals the plain form of a sample."""

import numpy as np

from pgat_jax.forecasting.sample import Sample
from pgat_jax.sky_test.sky_crps import TabulatedPool

POOL = np.random.default_rng(0).standard_t(4, 300)


def test_it_is_the_crps_of_the_sample_inside_and_beyond_the_pool():
    truth = np.concatenate([np.linspace(-3, 3, 200), [-40.0, 40.0, POOL.min(), POOL.max()]])
    plain = Sample(np.broadcast_to(np.sort(POOL), (len(truth), len(POOL)))).crps(truth)
    np.testing.assert_allclose(TabulatedPool(POOL).score(truth), plain, atol=2e-5)


def test_the_shape_of_the_truth_is_kept():
    truth = np.zeros((2, 3, 4))
    assert TabulatedPool(POOL).score(truth).shape == truth.shape
