"""Pictures of a test of the sky show every placebo and every share."""

import numpy as np
import pytest

from pgat_jax.pages.theme import DARK, LIGHT
from pgat_jax.sky_test.sky_plots import plot_power, plot_ranks
from tests.sky_test.reports import SHARES, make_simulated_report

REPORT = make_simulated_report()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_each_placebo_is_a_dot_and_the_true_sky_a_line(theme):
    (axes,) = plot_ranks(REPORT["result"], theme).axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), REPORT["result"]["false"])
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), REPORT["result"]["shifted"])
    assert axes.lines[3].get_xdata()[0] == REPORT["result"]["gain"]
    assert "0.50" in axes.get_title(loc="left")


def test_a_result_without_other_years_has_one_row():
    (axes,) = plot_ranks(REPORT["result"] | {"shifted": []}, LIGHT).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["false rates"]


def test_power_is_drawn_by_kind_and_size():
    mean, volatility = plot_power(REPORT["power"], DARK).axes
    for axes in (mean, volatility):
        np.testing.assert_allclose(axes.lines[0].get_xdata(), list(SHARES))
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [40, 60, 80])
