"""Ridge regression of all skies at once equals the plain formula for each."""

import numpy as np

from pgat_jax.sky_test.ridge import PRIOR, fit_ridge, predict_effects, prepare_regression

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(3, 5, 400)) + 0.7
RESIDUALS = RNG.normal(size=(400, 5)) * [1.0, 2.0, 0.5, 1.0, 0.3]
RESIDUALS -= RESIDUALS.mean(0)


def test_coefficients_are_the_posterior_mean():
    coefficients = fit_ridge(prepare_regression(FEATURES), RESIDUALS)
    for sky, features in enumerate(FEATURES):
        centred = (features - features.mean(1, keepdims=True)).T
        for target in range(5):
            spread = RESIDUALS[:, target].std()
            prior = PRIOR * (spread if target < 4 else 1.0)
            products = centred.T @ centred + (spread / prior) ** 2 * np.eye(5)
            plain = np.linalg.solve(products, centred.T @ RESIDUALS[:, target])
            np.testing.assert_allclose(coefficients[sky, :, target], plain, atol=1e-10)


def test_no_sky_has_no_effect():
    regression = prepare_regression(np.zeros((1, 5, 400)))
    coefficients = fit_ridge(regression, RESIDUALS)
    effects = predict_effects(regression, coefficients, np.zeros((1, 5, 10)))
    assert not effects.any() and effects.shape == (1, 10, 5)


def test_effects_are_those_of_features_less_their_means():
    regression = prepare_regression(FEATURES)
    coefficients = fit_ridge(regression, RESIDUALS)
    effects = predict_effects(regression, coefficients, FEATURES)
    np.testing.assert_allclose(effects.mean(1), 0, atol=1e-12)
    fitted = (FEATURES[1] - FEATURES[1].mean(1, keepdims=True)).T @ coefficients[1]
    np.testing.assert_allclose(effects[1], fitted)
