"""Losses against independent formulae, and where plain ones would overflow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pgat_jax.model import losses
from pgat_jax.model.heads import Mixture

SHAPE = (3, 5, 4)


def random_mixture(rng: np.random.Generator, shape=SHAPE, components=3) -> Mixture:
    return Mixture(
        jax.nn.log_softmax(jnp.asarray(rng.normal(size=(*shape, components)))),
        jnp.asarray(rng.normal(size=(*shape, components))),
        jnp.asarray(rng.uniform(0.1, 2.0, size=(*shape, components))),
    )


def test_mse_is_the_mean_of_squared_differences():
    rng = np.random.default_rng(0)
    point, target = rng.normal(size=(2, *SHAPE))
    assert losses.mse(jnp.asarray(point), jnp.asarray(target)) == pytest.approx(
        np.mean((point - target) ** 2), rel=1e-6
    )


def test_pinball_agrees_with_scoringrules():
    rng = np.random.default_rng(1)
    levels = (0.1, 0.5, 0.95)
    quantiles, target = rng.normal(size=(*SHAPE, 3)), rng.normal(size=SHAPE)
    expected = np.mean(
        [scoringrules.quantile_score(target, quantiles[..., i], a) for i, a in enumerate(levels)]
    )
    got = losses.pinball(jnp.asarray(quantiles), levels, jnp.asarray(target))
    assert got == pytest.approx(expected, rel=1e-6)


@settings(deadline=None, max_examples=25)
@given(level=st.floats(0.02, 0.98), seed=st.integers(0, 1000))
def test_pinball_is_least_at_the_empirical_quantile(level, seed):
    target = jnp.asarray(np.random.default_rng(seed).normal(size=(101, 1, 1)))

    def loss(q):
        return losses.pinball(jnp.full((101, 1, 1, 1), q), (level,), target)

    best = loss(jnp.quantile(target, level, method="inverted_cdf"))
    assert all(best <= loss(q) + 1e-6 for q in np.linspace(-3, 3, 31))


def test_mixture_nll_agrees_with_a_sum_of_normal_densities():
    rng = np.random.default_rng(2)
    mixture, target = random_mixture(rng), rng.normal(size=SHAPE)
    density = stats.norm.pdf(target[..., None], mixture.means, mixture.scales)
    expected = -np.mean(np.log(np.sum(np.exp(mixture.log_weights) * density, axis=-1)))
    assert losses.mixture_nll(mixture, jnp.asarray(target)) == pytest.approx(expected, rel=1e-5)


def test_mixture_nll_and_its_gradient_stay_finite_where_densities_underflow():
    mixture = Mixture(
        jnp.log(jnp.full((1, 1, 1, 2), 0.5)),
        jnp.array([[[[0.0, 1.0]]]]),
        jnp.full((1, 1, 1, 2), 0.01),
    )
    target = jnp.full((1, 1, 1), 40.0)
    value, gradient = jax.value_and_grad(losses.mixture_nll)(mixture, target)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("name", ["mse", "pinball", "mixture_nll"])
def test_half_precision_inputs_give_a_float32_loss(name):
    rng = np.random.default_rng(3)
    target = jnp.asarray(rng.normal(size=SHAPE), jnp.bfloat16)
    value = {
        "mse": lambda: losses.mse(target, target),
        "pinball": lambda: losses.pinball(target[..., None], (0.5,), target),
        "mixture_nll": lambda: losses.mixture_nll(
            Mixture(*(x.astype(jnp.bfloat16) for x in random_mixture(rng))), target
        ),
    }[name]()
    assert value.dtype == jnp.float32
    assert value.shape == ()


def test_losses_of_single_windows_average_to_the_loss_of_the_batch():
    rng = np.random.default_rng(3)
    target = jnp.asarray(rng.normal(size=SHAPE))
    quantiles = jnp.asarray(rng.normal(size=(*SHAPE, 3)))
    each = jax.vmap(lambda q, y: losses.pinball(q, (0.1, 0.5, 0.9), y))(quantiles, target)
    whole = losses.pinball(quantiles, (0.1, 0.5, 0.9), target)
    assert float(jnp.mean(each)) == pytest.approx(float(whole), rel=1e-6)
    mixture = random_mixture(rng)
    each = jax.vmap(losses.mixture_nll)(tuple(mixture), target)
    whole = losses.mixture_nll(mixture, target)
    assert float(jnp.mean(each)) == pytest.approx(float(whole), rel=1e-6)
