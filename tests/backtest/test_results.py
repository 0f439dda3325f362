"""The figures of a back-test beside plain forms."""

import numpy as np
import pytest

from pgat_jax.backtest.results import pool, summarise, summarise_forecaster
from tests.backtest.reports import CRPS, simulate_scores

SCORED = simulate_scores(CRPS)


@pytest.fixture(scope="module")
def har() -> dict:
    return summarise_forecaster(SCORED, "har_fhs")


def test_pooled_skill_is_the_part_of_the_reference_s_crps_that_is_removed(har):
    own, base = (SCORED.scores[name]["crps"].mean() for name in ("har_fhs", "last_250"))
    pooled = har["skill"]["pooled"]
    assert pooled["value"] == pytest.approx(100 * (1 - own / base))
    assert pooled["low"] < pooled["value"] < pooled["high"]
    assert pooled["low_quarter"] < pooled["high_quarter"]


def test_skills_of_years_days_and_targets_are_those_of_their_scores(har):
    own, base = (SCORED.scores[name]["crps"] for name in ("har_fhs", "last_250"))
    late = SCORED.years == 2010
    expected = 100 * (1 - own[late].mean() / base[late].mean())
    assert har["by_year"]["2010"] == pytest.approx(expected)
    assert har["by_day"][1] == pytest.approx(100 * (1 - own[:, 1].mean() / base[:, 1].mean()))
    low = 100 * (1 - own[:, 2, 2].mean() / base[:, 2, 2].mean())
    assert har["by_target_and_day"]["Low"][2] == pytest.approx(low)
    close = 100 * (1 - own[..., 3].mean() / base[..., 3].mean())
    assert har["skill"]["Close"]["value"] == pytest.approx(close)


def test_coverage_is_in_percent_and_counts_central_intervals(har):
    pit = SCORED.scores["har_fhs"]["pit"][..., 3]
    assert har["coverage"]["90%"]["Close"] == pytest.approx(100 * np.mean(abs(pit - 0.5) <= 0.45))
    years = har["coverage_by_year"]
    assert set(years) == {"2009", "2010"} and all(80 < value < 100 for value in years.values())
    assert sum(har["pit"]["Close"]) == pytest.approx(1)


def test_a_forecast_of_one_value_has_no_log_score(har):
    assert har["scores"]["log_score"]["all"] == pytest.approx(0.965)
    assert summarise_forecaster(SCORED, "zero")["scores"]["log_score"]["all"] is None


def test_each_forecaster_is_paired_with_every_other():
    results = summarise(SCORED)
    assert list(results) == list(CRPS)
    assert set(results["mean"]["vs"]) == set(CRPS) - {"mean"}
    own, other = (SCORED.scores[name]["crps"].mean() for name in ("har_fhs", "gjr_fhs"))
    gain = results["har_fhs"]["vs"]["gjr_fhs"]
    assert gain["value"] == pytest.approx(100 * (1 - own / other))
    assert gain["low"] > 0


def test_a_pooled_score_is_the_mean_over_days_and_targets():
    crps = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(pool(crps), [5.5, 17.5])
