"""Pictures of skill show the model and the forecasters that know the volatility."""

import numpy as np
import pytest

from pgat_jax.backtest.plots_skill import list_shown, plot_days, plot_targets, plot_years
from pgat_jax.pages.theme import DARK, LIGHT
from tests.backtest.reports import make_simulated_report


@pytest.fixture(scope="module")
def results() -> dict:
    return make_simulated_report(0.96)["forecasters"]


def test_shown_are_the_model_and_the_simulations(results):
    assert list_shown(results) == ["model", "har_fhs", "gjr_fhs", "ewma_fhs"]
    assert list_shown({k: v for k, v in results.items() if k != "model"})[0] == "har_fhs"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_lines_are_the_skills_of_years_and_days(results, theme):
    (axes,) = plot_years(results, theme).axes
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), list(results["model"]["by_year"].values())
    )
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2009", "2010"]
    (axes,) = plot_days(results, theme).axes
    np.testing.assert_allclose(axes.lines[1].get_ydata(), results["har_fhs"]["by_day"])
    assert axes.get_legend() is not None and "%" in axes.get_ylabel()


def test_targets_have_intervals(results):
    (axes,) = plot_targets(results, LIGHT).axes
    assert len(axes.containers) == 4
    assert len(axes.get_xticklabels()) == 6
