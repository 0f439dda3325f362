"""Draws the quantiles of one price of a forecast as a fan: nested bands around a line."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from pgat_jax.pages.theme import Theme

# Opacity of one band; bands that lie on one another look darker.
OPACITY = 0.22
MEDIAN = 0.5


class Fan(NamedTuple):
    """The forecast of one price from one origin.

    Attributes:
        x: positions [1 + P] on the x axis: of the origin, and of the days ahead.
        start: the price at the origin.
        rows: the forecast, as `make_price_frame` returns it.
        target: Open, High, Low or Close.
        levels: levels of the quantiles, increasing.
    """

    x: Sequence[Any]
    start: float
    rows: pd.DataFrame
    target: str
    levels: tuple[float, ...]


def draw_fan(axes: Axes, theme: Theme, fan: Fan, label: bool) -> None:
    """Draws the bands between pairs of levels, the widest first, and a line in their middle.

    The line is the quantile of the middle level, or the point forecast if each level has a partner.

    Args:
        axes: the panel.
        theme: the colours.
        fan: the forecast.
        label: whether to name the bands and the line in the legend.
    """

    def line(column: str) -> list[float]:
        return [fan.start, *fan.rows[f"{fan.target}_{column}"]]

    colour = theme.cycle[0]
    for i, (low, high) in enumerate(pair_levels(fan.levels), 1):
        lows, highs = line(f"q{low}"), line(f"q{high}")
        axes.fill_between(fan.x, lows, highs, color=colour, alpha=OPACITY, linewidth=0)
        if label:  # an empty band, as dark as this one and the wider ones together
            alpha, name = 1 - (1 - OPACITY) ** i, name_band(low, high)
            start = fan.x[:1], fan.start, fan.start
            axes.fill_between(*start, color=colour, alpha=alpha, linewidth=0, label=name)
    column, name = find_line(fan.levels)
    axes.plot(fan.x, line(column), color=colour, linewidth=1.2, label=name if label else None)


def pair_levels(levels: tuple[float, ...]) -> list[tuple[float, float]]:
    """Returns the lowest level with the highest, the second with the last but one, and so on.

    Args:
        levels: levels of quantiles, increasing.
    """
    count = len(levels) // 2
    return list(zip(levels[:count], levels[::-1]))


def name_band(low: float, high: float) -> str:
    """Returns the name of a band: the probability of a central one, or else both levels.

    Args:
        low: the lower level.
        high: the higher level.
    """
    if abs(low + high - 1) < 1e-9:  # floats: .05 and .95 do not always sum to 1
        return f"{100 * (high - low):g}% band"
    return f"{100 * low:g}% to {100 * high:g}%"


def find_line(levels: tuple[float, ...]) -> tuple[str, str]:
    """Returns the column that the line of a fan shows, without its target, and its name.

    Args:
        levels: levels of quantiles, increasing.

    Returns:
        For an odd number of levels the middle one, e.g. `q0.5` and `median forecast`; else
        `forecast` and `point forecast`.
    """
    if len(levels) % 2 == 0:
        return "forecast", "point forecast"
    middle = levels[len(levels) // 2]
    return f"q{middle}", "median forecast" if middle == MEDIAN else f"{100 * middle:g}% quantile"
