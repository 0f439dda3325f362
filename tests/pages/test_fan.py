"""Fans: the levels that were asked for, as nested bands around a line."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pgat_jax.pages.fan import OPACITY, Fan, draw_fan, find_line, name_band, pair_levels
from pgat_jax.pages.theme import LIGHT


def draw(levels, label=True):
    columns = {f"Low_q{a}": [10 + 10 * a, 11 + 10 * a] for a in levels}
    rows = pd.DataFrame(columns | {"Low_forecast": [14.0, 15.0]})
    axes = Figure().subplots()
    draw_fan(axes, LIGHT, Fan([0, 1, 2], 12.0, rows, "Low", levels), label)
    return axes


def test_levels_are_paired_from_outside():
    assert pair_levels((0.05, 0.25, 0.5, 0.75, 0.95)) == [(0.05, 0.95), (0.25, 0.75)]
    assert pair_levels((0.1, 0.2, 0.6, 0.9)) == [(0.1, 0.9), (0.2, 0.6)]
    assert pair_levels((0.5,)) == []


@pytest.mark.parametrize(
    "low, high, name", [(0.05, 0.95, "90% band"), (0.1, 0.95, "10% to 95%"), (0.1, 0.9, "80% band")]
)
def test_a_central_band_is_named_by_its_probability(low, high, name):
    assert name_band(low, high) == name


def test_the_line_is_the_middle_level_or_the_point_forecast():
    assert find_line((0.1, 0.5, 0.9)) == ("q0.5", "median forecast")
    assert find_line((0.2,)) == ("q0.2", "20% quantile")
    assert find_line((0.1, 0.9)) == ("forecast", "point forecast")


def test_bands_and_line_start_at_the_last_price_and_reach_the_quantiles():
    axes = draw((0.1, 0.5, 0.9))
    (line,) = axes.lines
    assert line.get_ydata().tolist() == [12.0, 15.0, 16.0]
    corners = {tuple(point) for point in axes.collections[0].get_paths()[0].vertices}
    assert {(0, 12.0), (1, 11.0), (2, 12.0), (1, 19.0), (2, 20.0)} <= corners


def test_the_legend_names_each_band_as_dark_as_it_looks():
    handles, names = draw((0.05, 0.25, 0.5, 0.75, 0.95)).get_legend_handles_labels()
    assert names == ["90% band", "50% band", "median forecast"]
    assert [h.get_alpha() for h in handles[:2]] == pytest.approx([OPACITY, 1 - (1 - OPACITY) ** 2])


def test_without_labels_the_legend_is_empty():
    axes = draw((0.1, 0.9), label=False)
    assert axes.get_legend_handles_labels() == ([], [])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [12.0, 14.0, 15.0])
