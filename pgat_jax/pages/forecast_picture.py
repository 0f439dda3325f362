"""Draws one forecast: the last prices, and the bands of the next days, of all four prices."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_text import choose_levels
from pgat_jax.pages import theme as look
from pgat_jax.pages.fan import Fan, draw_fan
from pgat_jax.pages.theme import Theme

# Free space at both ends of the x axis, in days.
MARGIN = 0.4
# Levels of three bands and a line; more could not be told apart.
MOST_LEVELS = 7


class Layout(NamedTuple):
    """The arrangement of the four panels.

    Attributes:
        panels: names of the panels, row by row, as for `subplot_mosaic`.
        heights: the heights of the rows, in inches.
        width: the width of the figure, in inches.
        title: the most characters of a line of the title.
        columns: the number of columns of the legend.
        ticks: the most dates on the x axis of a panel, by its name.
    """

    panels: Sequence[Sequence[str]]
    heights: list[float]
    width: float
    title: int
    columns: int
    ticks: dict[str, int]


WIDE = Layout(
    [["Close"] * 3, ["Open", "High", "Low"]],
    [3.4, 2.0],
    look.WIDTH,
    100,
    6,
    {"Close": 10, "Open": 3, "High": 3, "Low": 3},
)
# For screens as narrow as a telephone's.
NARROW = Layout(
    [["Close"], ["Open"], ["High"], ["Low"]],
    [3.0, 1.8, 1.8, 1.8],
    3.6,
    38,
    2,
    dict.fromkeys(("Close", "Open", "High", "Low"), 4),
)


def draw_forecast(forecast: PriceForecast, theme: Theme, layout: Layout = WIDE) -> Figure:
    """Draws the four prices: the last days, the bands, and the actual prices where they are known.

    The days ahead take at least a third of the width.

    Args:
        forecast: the forecast.
        theme: the colours.
        layout: the arrangement of the panels.
    """
    figure = Figure(
        (layout.width, sum(layout.heights)), look.DPI, facecolor=theme.paper, layout="constrained"
    )
    rows = [list(row) for row in layout.panels]
    panels: dict[str, Axes] = figure.subplot_mosaic(rows, height_ratios=layout.heights)  # pyright: ignore
    for target, axes in panels.items():
        look.apply_theme(axes, theme)
        _draw_price(axes, theme, forecast, target)
        _set_trading_days(axes, forecast, layout.ticks[target])
    close = panels["Close"]
    close.set_ylabel("Close (units of the table)")
    title = textwrap.fill(_write_title(forecast), layout.title, break_on_hyphens=False)
    look.set_title(close, title)
    look.add_legend_below(figure, close, theme, layout.columns)
    return figure


def _draw_price(axes: Axes, theme: Theme, forecast: PriceForecast, target: str) -> None:
    past, rows = forecast.history[target].to_numpy(), forecast.frame
    ahead = np.arange(len(rows) + 1)
    known = theme.ink
    axes.axvline(0, color=known, linestyle=":", linewidth=1, label="last known day")
    axes.plot(np.arange(1 - len(past), 1), past, color=known, linewidth=1.4, label="actual price")
    levels = choose_levels(forecast.levels, MOST_LEVELS)
    draw_fan(axes, theme, Fan(ahead.tolist(), past[-1], rows, target, levels), label=True)
    if bool(rows[target].notna().any()):
        axes.plot(ahead[1:], rows[target], "o", color=known, markersize=3, label="actual, after it")
    axes.set_ylabel(target)
    axes.set_xlim(1 - len(past) - MARGIN, len(rows) + MARGIN)


def _set_trading_days(axes: Axes, forecast: PriceForecast, most: int) -> None:
    """Writes dates below an axis on which each trading day has the same width."""
    past = len(forecast.history)
    dates = pd.to_datetime(pd.concat([forecast.history["date"], forecast.frame["date"]]))
    step = -(-len(dates) // most)
    places = [i for i in range(len(dates)) if (i - past + 1) % step == 0]
    years = [None, *(dates.iloc[i].year for i in places)]
    labels = [
        f"{dates.iloc[i].day} {dates.iloc[i]:%b}" + (f"\n{year}" if year != before else "")
        for i, year, before in zip(places, years[1:], years)
    ]
    axes.set_xticks([i - past + 1 for i in places], labels)


def _write_title(forecast: PriceForecast) -> str:
    source = Path(forecast.source).name
    days, origin = len(forecast.frame), forecast.frame["origin"].iloc[0]
    return f"{source}: {days} trading days after {origin}, forecast by run {forecast.run}"
