"""Plots how far the bands of a back-test can be trusted: calibration, and fans on notable days."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.backtest.answer import CALIBRATED
from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.backtest.notable_days import NotableDay
from pgat_jax.backtest.plots_skill import list_shown
from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.scores import PIT_BINS
from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme

# Label of a band -> the places of its ends among the levels of a fan, and its opacity.
BANDS = {"90% band": (0, 4, 0.18), "50% band": (1, 3, 0.3)}
MEDIAN = 2
PERCENT = 100.0


def plot_calibration(results: Mapping[str, Any], name: str, theme: Theme) -> Figure:
    """Plots the PIT histograms of a forecaster, and the coverage of 90% bands by year.

    Args:
        results: name -> results, as `summarise` returns them.
        name: the forecaster of the histograms, a key of `results`.
        theme: the colours.
    """
    figure, (left, right) = look.align_panels(theme, 2, 3.2)
    edges = np.linspace(0, 1, PIT_BINS + 1)
    for target in PRICES:
        left.stairs(results[name]["pit"][target], edges, linewidth=1.5, label=target)
    left.axhline(1 / PIT_BINS, color=theme.ink, linestyle="--", linewidth=1)
    left.set_ylim(bottom=0)
    left.set_xlabel("PIT value: the forecast probability of a lower return")
    left.set_ylabel("share of forecasts")
    look.set_title(left, f"{NAMES[name]}: flat is calibrated")
    look.add_legend(left, theme, columns=2)
    _draw_coverage(right, results, theme)
    return figure


def plot_fans(
    fans: Sequence[np.ndarray], days: Sequence[NotableDay], dates: Sequence[str], theme: Theme
) -> Figure:
    """Plots the bands of the close from notable origins, and what came true.

    Args:
        fans: for each origin the quantiles [P, 5] of the log return of the close since the origin,
            at the levels 5, 25, 50, 75 and 95%.
        days: the origins.
        dates: the date of each.
        theme: the colours.
    """
    figure, axes = look.align_panels(theme, len(days), 3.4)
    for one, fan, day, date in zip(axes, fans, days, dates):
        _draw_fan(one, fan, day.truth, theme)
        look.set_title(one, f"{date}:\n{day.label}")
        one.title.set_fontsize(9)
        one.set_xlabel("days ahead")
    axes[0].set_ylabel("close since the origin (%)")
    look.add_legend(axes[0], theme, columns=2)
    return figure


def _draw_coverage(axes: Axes, results: Mapping[str, Any], theme: Theme) -> None:
    axes.axhspan(*CALIBRATED, color=theme.faint, alpha=0.5, linewidth=0)
    years = list(next(iter(results.values()))["coverage_by_year"])
    for name in list_shown(results):
        values = list(results[name]["coverage_by_year"].values())
        axes.plot(range(len(years)), values, ".-", linewidth=1.2, label=NAMES[name])
    short = [f"’{year[2:]}" for year in years]
    axes.set_xticks(range(len(years)), short)
    axes.set_ylabel("closes inside the 90% band (%)")
    look.set_title(axes, "Inside the strip: calibrated")
    look.add_legend(axes, theme, columns=2)


def _draw_fan(axes: Axes, fan: np.ndarray, truth: np.ndarray, theme: Theme) -> None:
    days = np.arange(len(truth) + 1)
    start = np.zeros((1, fan.shape[1]))
    lines = PERCENT * np.expm1(np.concatenate([start, fan]))
    for label, (low, high, opacity) in BANDS.items():
        axes.fill_between(
            days,
            lines[:, low],
            lines[:, high],
            color=theme.cycle[0],
            alpha=opacity,
            linewidth=0,
            label=label,
        )
    axes.plot(days, lines[:, MEDIAN], color=theme.cycle[0], linewidth=1.2, label="median")
    course = PERCENT * np.expm1(np.concatenate([[0.0], truth]))
    axes.plot(days, course, color=theme.ink, linewidth=1.6, label="actual price")
