"""Pictures of what a run forecasts."""

import json

import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.pages.plots_forecast import plot_calibration, plot_fans, plot_horizon
from pgat_jax.pages.theme import LIGHT
from pgat_jax.storage.records import read_records


@pytest.fixture(scope="module")
def records(drawn_run):
    return read_records(drawn_run)


def test_the_fan_starts_at_the_last_known_close(records):
    axes = plot_fans(records, LIGHT).axes[0]
    first = records.forecasts.iloc[0]
    medians = [line for line in axes.lines if line.get_label() == "median forecast"]
    assert len(medians) == 1
    assert medians[0].get_ydata()[0] == first["last_close"]


def test_a_run_without_forecasts_has_no_fan(records):
    assert plot_fans(records._replace(forecasts=pd.DataFrame()), LIGHT) is None


def test_losses_by_day_ahead_are_those_of_the_scores(records):
    mse, crps = plot_horizon(records, LIGHT).axes
    forecasters = records.scores["splits"]["test"]["forecasters"]
    lines = {line.get_label(): line.get_ydata().tolist() for line in mse.lines}
    assert lines["model"] == forecasters["model"]["scaled"]["mse"]["by_day"]
    assert len(lines) == 4
    assert (mse.get_ylabel(), crps.get_ylabel()) == ("MSE (scaled units)", "CRPS (scaled units)")
    assert "zero return" not in [line.get_label() for line in crps.lines]


def test_calibration_shows_histogram_and_coverage_of_each_target(records):
    left, right = plot_calibration(records, LIGHT).axes
    model = records.scores["splits"]["test"]["forecasters"]["model"]
    curves = {curve.get_label(): curve.get_data().values.tolist() for curve in left.patches}
    assert curves == {price: model["pit"][price] for price in PRICES}
    close = next(line for line in right.lines if line.get_label() == "Close")
    assert close.get_xdata().tolist() == [0.5, 0.8, 0.9]
    expected = [c["by_target"]["Close"] for c in model["coverage"].values()]
    assert close.get_ydata().tolist() == expected


def test_a_point_model_without_a_distribution_has_no_calibration(records):
    scores = json.loads(json.dumps(records.scores))
    del scores["splits"]["test"]["forecasters"]["model"]["pit"]
    assert plot_calibration(records._replace(scores=scores), LIGHT) is None
