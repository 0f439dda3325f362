"""Plots the rank of the true sky among placebos, and the power of the test."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme
from pgat_jax.sky_test.laws import KINDS
from pgat_jax.sky_test.power import ENOUGH

PERCENT = 100.0
# Key of a result -> the name of its placebos on the axis.
PLACEBOS = {"false": "false rates", "shifted": "other years"}
# Height of the cloud of dots of one kind, where kinds are 1 apart.
CLOUD = 0.5


def plot_ranks(result: Mapping[str, Any], theme: Theme) -> Figure:
    """Plots the gain of each placebo as a dot, and that of the true sky as a line.

    Args:
        result: what `summarise_arms` returns.
        theme: the colours.
    """
    kinds = [key for key in PLACEBOS if result[key]]
    figure, (axes,) = look.stack_panels(theme, (1.2 + 0.9 * len(kinds),))
    for place, key in enumerate(kinds):
        _draw_dots(axes, result[key], place, theme.cycle[place])
    axes.axvline(0, color=theme.ink, linewidth=1, label="no sky")
    axes.axvline(result["gain"], color=theme.cycle[2], linewidth=2, label="true sky")
    axes.axvspan(
        result["low"],
        result["high"],
        color=theme.cycle[2],
        alpha=0.12,
        linewidth=0,
        label="its 95% interval",
    )
    axes.set_yticks(range(len(kinds)), [PLACEBOS[key] for key in kinds])
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlabel("gain over no sky (% of CRPS)")
    look.set_title(
        axes, f"One dot is one placebo sky; rank p of the true sky {result['rank_p']:.2f}"
    )
    look.add_legend_below(figure, axes, theme, columns=3)
    return figure


def plot_power(power: list[dict[str, Any]], theme: Theme) -> Figure:
    """Plots the share of laws found against their size.

    Args:
        power: what `summarise_power` returns.
        theme: the colours.
    """
    figure, panels = look.align_panels(theme, len(KINDS), 3.2)
    for axes, kind in zip(panels, KINDS):
        rows = [row for row in power if row["kind"] == kind]
        sizes = [row["size"] for row in rows]
        for key, label in (("found", "false rates"), ("found_shifted", "other years")):
            shares = [PERCENT * row[key] for row in rows]
            axes.plot(sizes, shares, "o-", linewidth=1.6, label=f"among {label}")
        axes.axhline(PERCENT * ENOUGH, color=theme.ink, linestyle="--", linewidth=1)
        axes.set_ylim(-4, 104)
        axes.set_xticks(sizes, [f"{size:.2f}" for size in sizes])
        axes.set_xlabel("standard deviations" if kind == "mean" else "share of the volatility")
        look.set_title(axes, f"Laws in the {kind}")
    panels[0].set_ylabel("laws found (%)")
    look.add_legend(panels[0], theme, columns=2)
    return figure


def _draw_dots(axes: Axes, gains: list[float], place: int, colour: str) -> None:
    """Draws dots in the order of the skies, one above the other so that few cover each other."""
    heights = place + CLOUD * (np.arange(len(gains)) / max(len(gains) - 1, 1) - 0.5)
    axes.plot(gains, heights, "o", color=colour, markersize=5, alpha=0.8, markeredgewidth=0)
