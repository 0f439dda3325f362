"""One ruler for all forecasters: the scores beside `scoringrules` and plain forms."""

import numpy as np
import pytest
import scipy.stats
import scoringrules

from pgat_jax.backtest.forecasters import BASELINES
from pgat_jax.backtest.ruler import (
    DENSITY_LEVELS,
    FAN_LEVELS,
    HIGH,
    LOW,
    MIDDLE,
    SPREAD_WEIGHT,
    compute_energy_score,
    compute_log_score,
    compute_sample_crps,
    find_unit,
    score_forecast,
)
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.quantile_function import QuantileFunction
from pgat_jax.forecasting.sample import Sample

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=(5, 3, 4))


def test_crps_of_a_mixture_is_that_of_scoringrules():
    shape = (5, 3, 4, 3)
    weights = RNG.dirichlet(np.ones(3), shape[:3])
    means, scales = RNG.normal(size=shape), RNG.uniform(0.3, 2, shape)
    expected = scoringrules.crps_mixnorm(TRUTH, means, scales, weights)
    mixture = GaussianMixture(weights, means, scales)
    np.testing.assert_allclose(mixture.crps(TRUTH), expected, rtol=1e-9)


def test_crps_of_past_returns_is_that_of_scoringrules():
    values = np.sort(RNG.normal(size=(5, 3, 4, 40)), -1)
    expected = scoringrules.crps_ensemble(TRUTH, values, estimator="nrg")
    np.testing.assert_allclose(Sample(values).crps(TRUTH), expected, rtol=1e-9)


def test_crps_of_quantiles_of_a_normal_is_that_of_scoringrules():
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    normal = GaussianMixture(np.ones((5, 3, 4, 1)), np.zeros((5, 3, 4, 1)), np.ones((5, 3, 4, 1)))
    joined = QuantileFunction(levels, normal.quantile(levels))
    expected = scoringrules.crps_normal(TRUTH, 0.0, 1.0)
    np.testing.assert_allclose(joined.crps(TRUTH).mean(), expected.mean(), rtol=2e-3)


def test_crps_of_paths_is_the_unbiased_one_of_scoringrules():
    values = RNG.normal(size=(5, 3, 4, 40))
    expected = scoringrules.crps_ensemble(TRUTH, values, estimator="fair")
    np.testing.assert_allclose(compute_sample_crps(values, TRUTH), expected, rtol=1e-9)


def test_energy_score_agrees_with_the_one_over_all_pairs():
    paths = RNG.normal(size=(80, 250, 1, 4))
    truth = RNG.normal(size=(80, 1, 4))
    whole = scoringrules.es_ensemble(truth[:, 0], paths[:, :, 0], estimator="fair")
    np.testing.assert_allclose(compute_energy_score(paths, truth).mean(), whole.mean(), rtol=5e-3)


def test_energy_score_of_one_path_is_its_distance_to_the_truth():
    score = compute_energy_score(np.zeros((1, 1, 1, 4)), np.full((1, 1, 4), 2.0))
    assert score == pytest.approx(4.0)


def test_log_score_of_a_large_normal_sample_is_near_that_of_the_normal():
    values = np.sort(RNG.normal(size=(1, 1, 1, 50_000)), -1)
    values = np.broadcast_to(values, (5, 3, 4, 50_000))
    normal = 0.5 * (TRUTH**2 + np.log(2 * np.pi))
    np.testing.assert_allclose(compute_log_score(Sample(values), TRUTH), normal, atol=0.2)
    assert np.isnan(compute_log_score(Sample(np.zeros((5, 3, 4, 1))), TRUTH)).all()


def test_scores_are_in_units_of_each_target(history):
    forecast = BASELINES["har_fhs"](history, 590)(np.array([600, 601]))
    truth, unit = history.find_truth(np.array([600, 601])), find_unit(history.returns)
    scores = score_forecast(forecast, truth, unit)
    np.testing.assert_allclose(scores["crps"] * unit, forecast.distribution.crps(truth))
    np.testing.assert_allclose(scores["squared_error"] * unit**2, (forecast.point - truth) ** 2)
    assert scores["sum_crps"].shape == (2,) and scores["energy"].shape == (2, 3)
    assert scores["fan"].shape == (2, 3, len(FAN_LEVELS))
    assert np.all(np.diff(scores["fan"], axis=-1) > 0)


def test_unit_is_the_standard_deviation_of_the_first_days():
    returns = np.concatenate([np.tile([[-1.0], [1.0]], (1250, 4)), np.full((100, 4), 50.0)])
    np.testing.assert_allclose(find_unit(returns), np.ones(4))


def test_levels_increase_and_three_of_them_have_names():
    assert np.all(np.diff(DENSITY_LEVELS) > 0) and len(DENSITY_LEVELS) == 17
    np.testing.assert_allclose(DENSITY_LEVELS[[LOW, MIDDLE, HIGH]], [0.2, 0.5, 0.8])


def test_a_day_far_beyond_a_sample_costs_no_more_than_long_tails():
    values = np.sort(RNG.normal(size=(1, 1, 1, 1000)), -1)
    far = np.full((1, 1, 1), -30.0)
    student = -scipy.stats.t.logpdf(far, 3, scale=0.86) - np.log(SPREAD_WEIGHT)
    np.testing.assert_allclose(compute_log_score(Sample(values), far), student, atol=0.1)
