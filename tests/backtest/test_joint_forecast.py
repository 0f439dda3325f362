"""Paths that join the distributions of single days."""

import numpy as np

from pgat_jax.backtest.joint_forecast import join_days, rank_paths
from pgat_jax.forecasting.sample import Sample


def test_joined_paths_have_the_values_of_the_distributions_and_the_ranks_of_the_past():
    rng = np.random.default_rng(0)
    past = rng.normal(size=(50, 3, 4))
    past[:, 1] += past[:, 0]
    ranks = rank_paths(past)
    values = np.sort(rng.normal(size=(2, 3, 4, 50)), -1)
    paths = join_days(Sample(values), ranks)
    assert paths.shape == (2, 50, 3, 4)
    np.testing.assert_array_equal(rank_paths(paths[1]), ranks)
    assert np.all(paths[1] >= values[1, ..., 0]) and np.all(paths[1] <= values[1, ..., -1])
