"""Each head on its own stream, and the loss that belongs to it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.config import LossConfig
from pgat_jax.model.heads import HEADS, criterion_loss
from pgat_jax.model.losses import mixture_nll, mse, pinball
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


def test_every_parameter_of_a_mixture_of_one_component_gets_gradient():
    loss = LossConfig(criterion="nll", mixture_components=1)
    head, x, target = HEADS["nll"](4, loss), normal(0, 2, 3, 8), normal(1, 2, 3, 4)
    params = head.init(jax.random.key(0), x, {})
    assert set(params["params"]) == {"means", "scales"}
    gradient = jax.grad(lambda p: criterion_loss(head.apply(p, x, {}), target, loss))(params)
    assert all(np.all(np.asarray(leaf)) for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("criterion", HEADS)
def test_the_loss_is_that_of_the_criterion(criterion):
    loss = LossConfig(criterion=criterion)
    outputs, target = run_head(loss, normal(0, 2, 3, 8)), normal(1, 2, 3, 4)
    expected = {
        "mse": lambda: mse(outputs.point, target),
        "quantile": lambda: pinball(outputs.quantiles, loss.quantiles, target),
        "nll": lambda: mixture_nll(outputs.mixture, target),
    }[criterion]()
    assert float(criterion_loss(outputs, target, loss)) == pytest.approx(float(expected))
    given = {"mse": None, "quantile": "quantiles", "nll": "mixture"}[criterion]
    assert all((getattr(outputs, k) is None) == (k != given) for k in ("quantiles", "mixture"))
