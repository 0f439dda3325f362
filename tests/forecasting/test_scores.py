"""Scores against plain NumPy, scoringrules and cases computed by hand; units, axes, boundaries."""

import json

import numpy as np
import pytest
import scoringrules

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting import scores
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.sample import Sample

W, P, T = 50, 3, 4
MEAN = np.array([0.001, 0.006, -0.006, 0.0])
STD = np.array([0.005, 0.01, 0.009, 0.014])
NAN = np.nan


def forecast_normal(seed=0, scale=1.0) -> Forecast:
    point = np.random.default_rng(seed).normal(size=(W, P, T))
    ones = np.ones((*point.shape, 1))
    return Forecast(point, GaussianMixture(ones, point[..., None], scale * ones))


def draw_truth(seed=1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(W, P, T))


def test_losses_of_a_distribution_agree_with_numpy_and_scoringrules():
    forecast, truth = forecast_normal(scale=0.7), draw_truth()
    losses = scores.compute_losses(forecast, truth)
    mean, scale = forecast.point, np.full_like(truth, 0.7)
    assert list(losses) == ["mse", "mae", "crps", "log_score"]
    np.testing.assert_allclose(losses["mse"], (mean - truth) ** 2)
    np.testing.assert_allclose(losses["mae"], np.abs(mean - truth))
    np.testing.assert_allclose(losses["crps"], scoringrules.crps_normal(truth, mean, scale))
    np.testing.assert_allclose(losses["log_score"], scoringrules.logs_normal(truth, mean, scale))


def test_a_point_forecast_has_no_losses_of_a_distribution():
    losses = scores.compute_losses(Forecast(np.ones((2, 1, 4)), None), np.zeros((2, 1, 4)))
    assert {name: value.tolist() for name, value in losses.items()} == {
        "mse": np.ones((2, 1, 4)).tolist(),
        "mae": np.ones((2, 1, 4)).tolist(),
    }


def test_a_sample_has_a_crps_and_no_log_score():
    truth = draw_truth()
    forecast = Forecast(np.zeros_like(truth), Sample(np.zeros((W, P, T, 1))))
    losses = scores.compute_losses(forecast, truth)
    assert list(losses) == ["mse", "mae", "crps"]
    np.testing.assert_allclose(losses["crps"], np.abs(truth))


def test_a_point_that_is_the_same_for_all_windows_has_a_loss_for_each():
    losses = scores.compute_losses(Forecast(np.zeros((1, 1, T)), None), draw_truth())
    assert losses["mae"].shape == (W, P, T)


def test_losses_in_returns_are_those_computed_on_returns():
    forecast, truth = forecast_normal(), draw_truth()
    losses = scores.compute_losses(forecast, truth)
    mean, y = forecast.point * STD + MEAN, truth * STD + MEAN
    scale = np.broadcast_to(STD, y.shape)
    for name, expected in {
        "mse": (mean - y) ** 2,
        "mae": np.abs(mean - y),
        "crps": scoringrules.crps_normal(y, mean, scale),
        "log_score": scoringrules.logs_normal(y, mean, scale),
    }.items():
        converted = scores.convert_to_returns(name, losses[name], STD)
        np.testing.assert_allclose(converted, expected, err_msg=name)


@pytest.mark.parametrize(
    "forecast, truth, expected",
    [
        (0.1, 2.0, 1.0),
        (-0.1, -2.0, 1.0),
        (-0.1, 2.0, 0.0),
        (0.1, -2.0, 0.0),
        (0.0, 2.0, 0.5),
        (0.0, -2.0, 0.5),
        (1.0, 1.0, 1.0),
        (0.1, 0.0, NAN),
        (-0.1, 0.0, NAN),
        (0.0, 0.0, NAN),
    ],
)
def test_direction_of_each_pair_of_signs(forecast, truth, expected):
    found = scores.score_direction(np.array([forecast]), np.array([truth]))
    np.testing.assert_equal(found, np.array([expected]))


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_coverage_includes_the_ends_of_the_central_interval(level):
    low, high = 0.5 - level / 2, 0.5 + level / 2
    inside = np.array([low, 0.5, high, low + 1e-9, high - 1e-9])
    outside = np.array([low - 1e-9, high + 1e-9, 0.0, 1.0])
    assert scores.score_coverage(inside[1:2], level).dtype == float
    np.testing.assert_array_equal(scores.score_coverage(inside[1:], level)[[0, 2, 3]], 1)
    np.testing.assert_array_equal(scores.score_coverage(outside, level), 0)


def test_coverage_at_an_end_that_floats_have_exactly():
    np.testing.assert_array_equal(scores.score_coverage(np.array([0.25, 0.75]), 0.5), [1, 1])


def test_summaries_average_windows_days_and_targets():
    values = np.random.default_rng(2).exponential(size=(W, P, T))
    summary = scores.summarize(values)
    assert list(summary) == ["all", "by_target", "by_day", "by_target_and_day"]
    assert summary["all"] == pytest.approx(values.mean())
    assert summary["by_target"] == pytest.approx(dict(zip(PRICES, values.mean((0, 1)))))
    assert summary["by_day"] == pytest.approx(values.mean((0, 2)))
    assert list(summary["by_target_and_day"]) == list(PRICES)
    for i, target in enumerate(PRICES):
        assert summary["by_target_and_day"][target] == pytest.approx(values[..., i].mean(0))


def test_summaries_leave_nan_out_and_the_mean_of_nothing_is_none():
    values = np.arange(W * P * T, dtype=float).reshape(W, P, T)
    values[:, 1, 2] = NAN
    values[3, 0, 0] = NAN
    summary = scores.summarize(values)
    assert summary["all"] == pytest.approx(np.nanmean(values))
    assert summary["by_target"]["Low"] == pytest.approx(np.nanmean(values[..., 2]))
    assert summary["by_day"][0] == pytest.approx(np.nanmean(values[:, 0]))
    assert summary["by_target_and_day"]["Low"][1] is None
    assert summary["by_target_and_day"]["Open"][0] == pytest.approx(np.nanmean(values[:, 0, 0]))
    json.dumps(summary, allow_nan=False)


def test_numbers_are_plain_floats():
    summary = scores.summarize(draw_truth())
    assert {type(x) for x in (summary["all"], *summary["by_day"])} == {float}


def test_pit_values_are_counted_by_target_in_ten_bins():
    pit = np.array([0.0, 0.05, 0.1, 0.55, 0.95, 1.0]).reshape(6, 1, 1) * np.ones((6, 1, T))
    pit[..., 3] = 0.35
    histogram = scores.compute_pit_histogram(pit)
    assert list(histogram) == list(PRICES)
    sixth = 1 / 6
    assert histogram["Open"] == pytest.approx(
        [2 * sixth, sixth, 0, 0, 0, sixth, 0, 0, 0, 2 * sixth]
    )
    assert histogram["Close"] == pytest.approx([0, 0, 0, 1, 0, 0, 0, 0, 0, 0])


def test_all_scores_of_a_forecast():
    forecast, truth = forecast_normal(scale=1.3), draw_truth()
    found = scores.score_forecast(forecast, truth, MEAN, STD)
    assert list(found) == ["scaled", "returns", "direction", "coverage", "pit"]
    losses = scores.compute_losses(forecast, truth)
    for name, loss in losses.items():
        assert found["scaled"][name] == scores.summarize(loss)
        in_returns = scores.convert_to_returns(name, loss, STD)
        assert found["returns"][name] == scores.summarize(in_returns)
    assert list(found["scaled"]) == list(found["returns"]) == list(losses)
    direction = np.sign(forecast.point * STD + MEAN) == np.sign(truth * STD + MEAN)
    assert found["direction"]["all"] == pytest.approx(direction.mean())
    pit = forecast.distribution.cdf(truth)
    assert list(found["coverage"]) == ["50%", "80%", "90%"]
    for level, summary in zip((0.5, 0.8, 0.9), found["coverage"].values()):
        inside = (pit >= 0.5 - level / 2) & (pit <= 0.5 + level / 2)
        assert summary["all"] == pytest.approx(inside.mean())
    assert found["pit"] == scores.compute_pit_histogram(pit)


def test_a_point_forecast_has_no_coverage_and_no_pit():
    found = scores.score_forecast(
        Forecast(np.ones((2, 1, 4)), None), np.zeros((2, 1, 4)), MEAN, STD
    )
    assert list(found) == ["scaled", "returns", "direction"]
    assert set(found["scaled"]) == set(found["returns"]) == {"mse", "mae"}


def test_direction_compares_returns_and_not_scaled_units():
    point, ones = np.full((1, 1, 4), -0.1), np.ones(4)
    found = scores.score_forecast(Forecast(point, None), np.full((1, 1, 4), 0.3), ones, ones)
    assert found["direction"]["all"] == 1.0
    found = scores.score_forecast(Forecast(point, None), np.full((1, 1, 4), 0.3), 0 * ones, ones)
    assert found["direction"]["all"] == 0.0


def test_direction_uses_the_standard_deviation():
    point, truth = np.full((1, 1, 4), -2.0), np.full((1, 1, 4), 1.0)
    half, ones = np.full(4, 0.4), np.ones(4)
    found = scores.score_forecast(Forecast(point, None), truth, ones, half)
    assert found["direction"]["all"] == 1.0


def test_a_calibrated_forecast_covers_as_often_as_it_claims():
    forecast = forecast_normal()
    truth = forecast.point + draw_truth()
    found = scores.score_forecast(forecast, truth, MEAN, STD)
    for level in scores.COVERAGES:
        assert found["coverage"][f"{level:.0%}"]["all"] == pytest.approx(level, abs=0.06)
    assert np.asarray(list(found["pit"].values())).mean(0) == pytest.approx(0.1, abs=0.05)


def test_a_forecast_that_is_too_narrow_is_seen_in_coverage_and_pit():
    forecast = forecast_normal(scale=0.2)
    found = scores.score_forecast(forecast, forecast.point + draw_truth(), MEAN, STD)
    assert found["coverage"]["90%"]["all"] < 0.4
    assert all(bins[0] + bins[-1] > 0.5 for bins in found["pit"].values())
