"""Heads, and what the past of the targets says."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.config import LossConfig
from pgat_jax.model.heads import HEADS
from pgat_jax.model.momentum import WINDOWS, target_statistics
from tests.model.conftest import normal


def run_head(loss: LossConfig, x, scale=1.0):
    head = HEADS[loss.criterion](4, loss)
    params = jax.tree.map(lambda p: scale * p, head.init(jax.random.key(0), x, {}))
    return head.apply(params, x, {})


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 99), min_size=2, max_size=9, unique=True),
    st.floats(0, 100),
    st.integers(0, 2**31),
)
def test_quantiles_never_cross(percent, scale, seed):
    levels = tuple(sorted(p / 100 for p in percent))
    loss = LossConfig(criterion="quantile", quantiles=levels)
    outputs = run_head(loss, 10 * normal(seed, 2, 3, 8), scale)
    quantiles = np.asarray(outputs.quantiles)
    assert np.all(np.diff(quantiles) >= 0)
    rounding = 1e-6 * np.abs(quantiles).max()
    assert np.all(outputs.point >= quantiles[..., 0] - rounding)
    assert np.all(outputs.point <= quantiles[..., -1] + rounding)


def test_quantiles_start_as_those_of_a_standard_normal():
    loss = LossConfig(criterion="quantile", quantiles=(0.05, 0.5, 0.95))
    quantiles = run_head(loss, jnp.zeros((1, 1, 8))).quantiles
    np.testing.assert_allclose(quantiles[0, 0, 0], [-1.6449, 0, 1.6449], atol=1e-3)


@pytest.mark.parametrize("components", [1, 5])
def test_a_mixture_is_one(components):
    loss = LossConfig(criterion="nll", mixture_components=components, sigma_floor=0.2)
    outputs = run_head(loss, 50 * normal(0, 2, 3, 8))
    weights = np.exp(outputs.mixture.log_weights)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert np.asarray(outputs.mixture.scales).min() >= 0.2
    expected = (weights * outputs.mixture.means).sum(-1)
    np.testing.assert_allclose(outputs.point, expected, atol=1e-5)


def test_statistics_of_the_past_are_those_of_pandas():
    x = np.asarray(normal(0, 1, 120, 1))
    label, ahead = 40, 3
    actual = np.asarray(target_statistics(jnp.asarray(x), label + ahead, ahead))
    actual = actual.reshape(label + ahead, 1, len(WINDOWS), 5)
    series = pd.Series(x[0, :, 0])
    for i, window in enumerate(WINDOWS):
        past = series.rolling(window)
        variance = past.var(ddof=0) + 1e-3
        np.testing.assert_allclose(actual[:label, 0, i, 0], past.mean()[-label:], atol=1e-5)
        expected = 0.5 * np.log(variance)
        np.testing.assert_allclose(actual[:label, 0, i, 2], expected[-label:], atol=1e-4)
        level = (series.cumsum() - series.cumsum().rolling(window).mean()) / np.sqrt(window)
        np.testing.assert_allclose(actual[:label, 0, i, 1], level[-label:], atol=1e-4)
        third = past.apply(lambda w: np.mean((w - w.mean()) ** 3), raw=True) / variance**1.5
        np.testing.assert_allclose(actual[:label, 0, i, 4], np.arcsinh(third)[-label:], atol=1e-3)
        fourth = past.apply(lambda w: np.mean((w - w.mean()) ** 4), raw=True) / variance**2 - 3
        np.testing.assert_allclose(actual[:label, 0, i, 3], np.arcsinh(fourth)[-label:], atol=1e-3)
    assert np.all(actual[label:] == actual[label - 1])
