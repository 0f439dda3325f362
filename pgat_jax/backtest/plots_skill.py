"""Plots the skill of the forecasters of a back-test: by year, by target and by day ahead."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.backtest.answer import RIVALS
from pgat_jax.backtest.forecasters import NAMES
from pgat_jax.data.columns import PRICES
from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme

# Key of a skill -> its name on the axis.
KINDS = {**{p: p for p in PRICES}, "sum": "sum of\nclose", "energy": "energy\nscore"}
# Width of the group of one target, on an axis where groups are 1 apart.
GROUP = 0.5
SKILL_LABEL = "skill (% of CRPS)"


def list_shown(results: Mapping[str, Any]) -> list[str]:
    """Returns the keys of the forecasters that the pictures show.

    They are `model`, if it was scored, and the baselines that know the volatility.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    return [name for name in ("model", *reversed(RIVALS)) if name in results]


def plot_years(results: Mapping[str, Any], theme: Theme) -> Figure:
    """Plots the pooled skill of each year.

    Args:
        results: name -> results, as `summarise` returns them.
        theme: the colours.
    """
    figure, (axes,) = look.stack_panels(theme, (3.2,))
    for name in list_shown(results):
        years = results[name]["by_year"]
        _draw_line(axes, name, range(len(years)), list(years.values()))
    years = list(next(iter(results.values()))["by_year"])
    axes.set_xticks(range(len(years)), years)
    _finish(axes, theme, "Skill by year of the origin: above 0 is better than the last 250 days")
    return figure


def plot_days(results: Mapping[str, Any], theme: Theme) -> Figure:
    """Plots the pooled skill of each day ahead.

    Args:
        results: name -> results, as `summarise` returns them.
        theme: the colours.
    """
    figure, (axes,) = look.stack_panels(theme, (3.0,))
    for name in list_shown(results):
        skill = results[name]["by_day"]
        _draw_line(axes, name, range(1, len(skill) + 1), skill)
    axes.set_xlabel("day ahead")
    _finish(axes, theme, "Skill by day ahead: the volatility of near days is known best")
    return figure


def plot_targets(results: Mapping[str, Any], theme: Theme) -> Figure:
    """Plots the skill of each target, of the sum and of the four targets, with intervals.

    The sum is the return of the close over all days ahead; the four targets are scored together by
    the energy score.

    Args:
        results: name -> results, as `summarise` returns them.
        theme: the colours.
    """
    figure, (axes,) = look.stack_panels(theme, (3.4,))
    shown = list_shown(results)
    shifts = np.linspace(-GROUP / 2, GROUP / 2, len(shown)) if len(shown) > 1 else np.zeros(1)
    for name, shift in zip(shown, shifts):
        skills = [results[name]["skill"][kind] for kind in KINDS]
        values = np.array([skill["value"] for skill in skills])
        ends = np.array([(skill["low"], skill["high"]) for skill in skills]).T
        axes.errorbar(
            np.arange(len(KINDS)) + shift,
            values,
            np.abs(ends - values),
            fmt="o" if name == "model" else ".",
            linewidth=1,
            capsize=2,
            label=NAMES[name],
        )
    axes.set_xticks(range(len(KINDS)), list(KINDS.values()))
    _finish(axes, theme, "Skill by target, with 95% intervals")
    return figure


def _draw_line(axes: Axes, name: str, places: range, values: list[float]) -> None:
    is_model = name == "model"
    axes.plot(
        places,
        values,
        "o-" if is_model else ".--",
        linewidth=2 if is_model else 1.2,
        markersize=4,
        label=NAMES[name],
    )


def _finish(axes: Axes, theme: Theme, title: str) -> None:
    axes.axhline(0, color=theme.ink, linewidth=1)
    axes.set_ylabel(SKILL_LABEL)
    look.set_title(axes, title)
    look.add_legend(axes, theme, columns=4)
