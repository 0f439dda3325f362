"""Scores against scoringrules and hand-made cases, and what each unit means."""

import json

import numpy as np
import pytest
import scoringrules

from pgat_jax.forecasting import scores
from pgat_jax.forecasting.distribution import Forecast, GaussianMixture

W, P, T = 50, 3, 4
MEAN = np.array([0.001, 0.006, -0.006, 0.0])
STD = np.array([0.005, 0.01, 0.009, 0.014])


def normal_forecast(rng, scale=1.0):
    point = rng.normal(size=(W, P, T))
    normal = GaussianMixture(
        np.ones((*point.shape, 1)), point[..., None], np.full((*point.shape, 1), scale)
    )
    return Forecast(point, normal)


def test_return_units_equal_scores_computed_on_returns():
    rng = np.random.default_rng(0)
    forecast, truth = normal_forecast(rng), rng.normal(size=(W, P, T))
    each = {k: scores.in_returns(k, v, STD) for k, v in scores.losses(forecast, truth).items()}
    mean, scale, y = forecast.point * STD + MEAN, np.broadcast_to(STD, truth.shape), truth * STD
    y = y + MEAN
    np.testing.assert_allclose(each["mse"], (mean - y) ** 2)
    np.testing.assert_allclose(each["mae"], np.abs(mean - y))
    np.testing.assert_allclose(each["crps"], scoringrules.crps_normal(y, mean, scale))
    np.testing.assert_allclose(each["log_score"], scoringrules.logs_normal(y, mean, scale))


@pytest.mark.parametrize(
    "forecast, truth, expected",
    [(0.1, 2.0, 1.0), (-0.1, 2.0, 0.0), (0.0, 2.0, 0.5), (0.1, 0.0, np.nan), (0.0, 0.0, np.nan)],
)
def test_direction_counts_zero_forecasts_half_and_leaves_out_zero_truths(forecast, truth, expected):
    np.testing.assert_equal(
        scores.direction(np.array([forecast]), np.array([truth])), np.array([expected])
    )


def test_direction_is_judged_in_returns_not_in_scaled_units():
    point = np.full((1, 1, 4), -0.1)
    table = scores.score_table(
        Forecast(point, None), np.full((1, 1, 4), 0.3), np.ones(4), np.ones(4)
    )
    assert table["direction"]["all"] == 1.0


def test_a_calibrated_forecast_covers_as_often_as_it_says():
    rng = np.random.default_rng(1)
    forecast = normal_forecast(rng)
    truth = forecast.point + rng.normal(size=(W, P, T))
    table = scores.score_table(forecast, truth, MEAN, STD)
    for level in scores.COVERAGES:
        assert table["coverage"][f"{level:.0%}"]["all"] == pytest.approx(level, abs=0.06)
    assert np.asarray(list(table["pit"].values())).mean(0) == pytest.approx(0.1, abs=0.05)


def test_too_narrow_a_forecast_is_seen_in_coverage_and_pit():
    rng = np.random.default_rng(2)
    forecast = normal_forecast(rng, scale=0.2)
    truth = forecast.point + rng.normal(size=(W, P, T))
    table = scores.score_table(forecast, truth, MEAN, STD)
    assert table["coverage"]["90%"]["all"] < 0.4
    assert all(bins[0] + bins[-1] > 0.5 for bins in table["pit"].values())


def test_a_point_forecast_has_no_distribution_scores():
    table = scores.score_table(Forecast(np.ones((2, 1, 4)), None), np.zeros((2, 1, 4)), MEAN, STD)
    assert set(table["scaled"]) == {"mse", "mae"}
    assert "coverage" not in table


def test_summaries_average_the_right_axes_and_are_strict_json():
    values = np.arange(W * P * T, dtype=float).reshape(W, P, T)
    values[:, 1, 2] = np.nan
    summary = scores.summarize(values)
    assert summary["by_day"][0] == pytest.approx(values[:, 0].mean())
    assert summary["by_target"]["Low"] == pytest.approx(np.nanmean(values[..., 2]))
    assert summary["by_target_and_day"]["Low"][1] is None
    json.dumps(summary, allow_nan=False)
