"""Random distributions of each kind, for the tests of the package."""

import numpy as np

from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.quantile_function import QuantileFunction
from pgat_jax.forecasting.sample import Sample

LEVELS = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
KINDS = ("mixture", "quantiles", "sample")


def draw_mixture(rng, shape=(6,), components=3) -> GaussianMixture:
    weights = rng.dirichlet(np.ones(components), size=shape)
    means = rng.normal(size=(*shape, components))
    return GaussianMixture(weights, means, rng.uniform(0.05, 2, size=(*shape, components)))


def draw_distribution(kind: str, seed: int):
    """Three distributions of a kind."""
    rng = np.random.default_rng(seed)
    if kind == "mixture":
        return draw_mixture(rng, (3,))
    if kind == "quantiles":
        return QuantileFunction(LEVELS, np.sort(rng.normal(size=(3, len(LEVELS))), -1))
    return Sample(np.sort(rng.normal(size=(3, 20)), -1))
