"""Pictures of calibration and of fans."""

import numpy as np

from pgat_jax.backtest.notable_days import NotableDay
from pgat_jax.backtest.plots_bands import plot_calibration, plot_fans
from pgat_jax.pages.theme import LIGHT
from tests.backtest.reports import make_simulated_report


def test_calibration_shows_four_histograms_and_the_coverage_of_each_year():
    results = make_simulated_report(0.96)["forecasters"]
    left, right = plot_calibration(results, "model", LIGHT).axes
    assert len(left.patches) == 4 and left.get_ylim()[0] == 0
    values = list(results["model"]["coverage_by_year"].values())
    np.testing.assert_allclose(right.lines[0].get_ydata(), values)


def test_a_fan_begins_at_the_origin_and_shows_bands_median_and_truth():
    fan = np.tile(np.log([0.95, 0.98, 1.0, 1.02, 1.05]), (3, 1))
    day = NotableDay("calm", 7, np.log([1.01, 1.02, 1.03]))
    (axes,) = plot_fans([fan], [day], ["2010-01-04"], LIGHT).axes
    assert len(axes.collections) == 2
    median, truth = axes.lines
    np.testing.assert_allclose(truth.get_ydata(), [0, 1, 2, 3], atol=1e-9)
    np.testing.assert_allclose(median.get_ydata(), [0, 0, 0, 0], atol=1e-9)
    assert axes.get_title("left").startswith("2010-01-04:")
