"""Plots what a run forecasts: bands of prices, losses by day ahead, and calibration."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.baselines import FORECASTERS
from pgat_jax.forecasting.price_frame import BAND_LEVELS
from pgat_jax.forecasting.scores import PIT_BINS
from pgat_jax.pages import theme as look
from pgat_jax.pages.fan import Fan, draw_fan
from pgat_jax.pages.theme import Theme
from pgat_jax.storage.records import RunRecords

# Days that the x axis of the losses names.
MOST_TICKS = 10


def plot_fans(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots forecasts of Close from every P-th test day, and the actual prices.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    frame = records.forecasts
    if frame.empty:
        return None
    figure, (axes,) = look.stack_panels(theme, (4.2,), look.HALF_WIDTH)
    truth = frame.drop_duplicates("date").sort_values(by="date")
    dates = [frame["origin"].min(), *truth["date"]]
    closes = [frame["last_close"].iloc[0], *truth["Close"]]
    axes.plot(dates, closes, color=theme.ink, linewidth=1.6, label="actual price")
    horizon = int(np.max(frame["day"]))
    for i, (origin, rows) in enumerate(list(frame.groupby("origin"))[::horizon]):
        start = rows["last_close"].iloc[0]
        fan = Fan([origin, *rows["date"]], start, rows, "Close", BAND_LEVELS)
        draw_fan(axes, theme, fan, label=i == 0)
    look.set_title(axes, "Close on the test days: one price in ten should miss the wide band")
    axes.set_ylabel("price (units of the table)")
    look.set_date_axis(axes)
    look.add_legend(axes, theme, columns=2)
    return figure


def plot_horizon(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots MSE and, if the model has one, CRPS of all forecasters by day ahead.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    forecasters = records.scores["splits"]["test"]["forecasters"]
    names = [n for n in ("mse", "crps") if n in forecasters["model"]["scaled"]]
    figure, axes = look.stack_panels(theme, [2.4] * len(names), look.HALF_WIDTH)
    for one, name in zip(axes, names):
        for colour, (key, scores) in zip(theme.cycle, forecasters.items()):
            if name in scores["scaled"]:
                _draw_horizon(one, key, colour, scores["scaled"][name]["by_day"])
        one.set_ylabel(f"{name.upper()} (scaled units)")
        one.margins(y=0.15)
        look.set_title(one, f"{name.upper()} by day ahead: lower is better")
    axes[-1].set_xlabel("day ahead")
    look.add_legend(axes[0], theme, columns=2)
    return figure


def _draw_horizon(axes: Axes, key: str, colour: str, by_day: list[float]) -> None:
    days = np.arange(1, len(by_day) + 1)
    is_model = key == "model"
    axes.plot(
        days,
        by_day,
        "o-" if is_model else ".--",
        color=colour,
        markersize=4,
        linewidth=2 if is_model else 1,
        label=FORECASTERS[key],
    )
    axes.set_xticks(days[:: max(1, len(days) // MOST_TICKS)])


def plot_calibration(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots the PIT histogram of each target, and the coverage of the central intervals.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    scores = records.scores["splits"]["test"]["forecasters"]["model"]
    if "pit" not in scores:
        return None
    figure, (upper, lower) = look.stack_panels(theme, (2.8, 2.8), look.HALF_WIDTH, is_shared=False)
    edges = np.linspace(0, 1, PIT_BINS + 1)
    for target in PRICES:
        upper.stairs(scores["pit"][target], edges, linewidth=1.5, label=target)
    upper.axhline(1 / PIT_BINS, color=theme.ink, linestyle="--", linewidth=1)
    upper.set_xlabel("PIT value: the forecast probability of a lower return")
    upper.set_ylabel("share of test forecasts")
    look.set_title(upper, "Calibrated forecasts follow the dashed line")
    look.add_legend(upper, theme, columns=4)
    _draw_coverage(lower, theme, scores["coverage"])
    return figure


def _draw_coverage(axes: Axes, theme: Theme, coverage: dict[str, Any]) -> None:
    claims = [float(level.rstrip("%")) / 100 for level in coverage]
    axes.plot([0, 1], [0, 1], color=theme.ink, linestyle="--", linewidth=1)
    for target in PRICES:
        axes.plot(claims, [c["by_target"][target] for c in coverage.values()], "o-", label=target)
    axes.set_xlim(0.4, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("probability that the interval claims")
    axes.set_ylabel("share of actual returns inside")
    look.set_title(axes, "Below the dashed line: intervals too narrow")
