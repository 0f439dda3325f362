"""The report of a back-test, and the figures that `--json` prints."""

import json

import pytest

from pgat_jax.backtest.report import reduce_report
from tests.backtest.reports import CRPS, make_simulated_report

KEYS = {
    "pooled_skill",
    "low",
    "high",
    "coverage_90_close",
    "close_mse_over_zero",
    "by_year",
}


@pytest.fixture(scope="module")
def report() -> dict:
    return make_simulated_report(model=0.96)


def test_json_has_exactly_the_documented_keys(report):
    figures = json.loads(json.dumps(reduce_report(report), allow_nan=False))
    assert set(figures) == {"origins", "model", *CRPS}
    assert all(set(figures[name]) == KEYS for name in CRPS)
    assert set(figures["model"]) == {*KEYS, "vs"}
    assert set(figures["model"]["vs"]) == set(CRPS)
    assert all(set(one) == {"low", "high"} for one in figures["model"]["vs"].values())


def test_json_has_the_figures_of_the_report(report):
    figures, har = reduce_report(report), report["forecasters"]["har_fhs"]
    assert figures["origins"] == 500
    assert figures["har_fhs"]["pooled_skill"] == har["skill"]["pooled"]["value"]
    assert figures["har_fhs"]["coverage_90_close"] == har["coverage"]["90%"]["Close"]
    assert figures["har_fhs"]["by_year"] == har["by_year"]
    assert figures["last_250"]["pooled_skill"] == 0


def test_a_report_says_what_was_run_and_whether_something_leaked(report):
    assert report["first_day"] == "2009-06-01" and report["refit"] == "never"
    assert report["leaks"] == []
    assert "LEAK" in make_simulated_report(model=0.9)["leaks"][0]
