"""The start at parity: heads forecast the distribution of the training residuals."""

import jax
import numpy as np
import pytest
from scipy import stats

from pgat_jax import build, load_config, load_data
from pgat_jax.config import LossConfig
from pgat_jax.mesh import make_mesh
from pgat_jax.model.heads import HEADS, ZERO
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.start import (
    collect_targets,
    fit_biases,
    fit_mixture,
    start_at_residuals,
)
from pgat_jax.training.state import create_state, unpack_params

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def draw_targets(count: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.stack([rng.standard_t(4, count), 0.5 + 2 * rng.normal(size=count)], 1)


def run_head(loss: LossConfig, targets: np.ndarray):
    head = HEADS[loss.criterion](targets.shape[1], loss, ZERO)
    x = jax.random.normal(jax.random.key(0), (1, 1, 8))
    params = head.init(jax.random.key(1), x, {})["params"]
    for name, bias in fit_biases(targets, loss).items():
        assert params[name]["bias"].shape == bias.shape
        params[name]["bias"] = bias.astype(np.float32)
    return head.apply({"params": params}, x, {})


def test_point_head_starts_at_the_mean():
    targets = draw_targets()
    outputs = run_head(LossConfig(criterion="mse"), targets)
    np.testing.assert_allclose(outputs.point[0, 0], targets.mean(0), atol=1e-5)


def test_quantile_head_starts_at_the_quantiles():
    targets = draw_targets()
    outputs = run_head(LossConfig(criterion="quantile", quantiles=LEVELS), targets)
    expected = np.quantile(targets, LEVELS, axis=0).T
    np.testing.assert_allclose(outputs.quantiles[0, 0], expected, atol=1e-5)


@pytest.mark.parametrize("components", [1, 3])
def test_mixture_head_starts_at_the_fitted_mixture(components):
    targets = draw_targets()
    loss = LossConfig(criterion="nll", mixture_components=components)
    mixture = run_head(loss, targets).mixture
    for i, y in enumerate(targets.T):
        weights, means, scales = fit_mixture(y, components)
        np.testing.assert_allclose(np.exp(mixture.log_weights[0, 0, i]), weights, atol=1e-5)
        np.testing.assert_allclose(mixture.means[0, 0, i], means, atol=1e-5)
        np.testing.assert_allclose(mixture.scales[0, 0, i], scales, atol=1e-5)


def test_a_fitted_mixture_is_as_likely_as_the_law_that_drew_the_values():
    y = draw_targets()[:, 0]
    weights, means, scales = fit_mixture(y, 4)
    density = (weights * stats.norm.pdf(y[:, None], means, scales)).sum(1)
    assert np.log(density).mean() == pytest.approx(stats.t(4).logpdf(y).mean(), abs=3e-3)


def test_a_mixture_of_one_component_is_the_normal_law_of_the_values():
    y = draw_targets()[:, 1]
    _, means, scales = fit_mixture(y, 1)
    assert (means[0], scales[0]) == pytest.approx((y.mean(), y.std()))


def test_first_state_starts_at_the_training_residuals(table):
    keys = ("data.validation_days=8", "data.test_days=8", "data.volatility=har")
    config = load_config("tiny", f"data.source={table}", *keys)
    data = load_data(config)
    plan = Plan(build(config, data.columns), make_mesh(config), count_steps(config, data))
    state = create_state(plan)
    params = unpack_params(plan, start_at_residuals(plan, state, data).params)
    expected = collect_targets(data).mean(0)
    assert params["head"]["point"]["bias"] == pytest.approx(expected, abs=1e-5)
    assert not np.asarray(params["head"]["point"]["kernel"]).any()


def test_state_without_volatility_is_left_alone(plan, first_state, data):
    assert start_at_residuals(plan, first_state, data) is first_state
