"""Pictures of what a run forecasts: fans, errors by day ahead, calibration."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax.forecasting.scores import FORECASTERS, PIT_BINS, TARGET_NAMES
from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme
from pgat_jax.runs.records import Records


def fan(records: Records, theme: Theme) -> Figure | None:
    """Forecasts of Close from every P-th test origin, against what came."""
    frame = records.forecasts
    if frame.empty:
        return None
    figure, (axes,) = look.panels(theme, (4.2,))
    truth = frame.drop_duplicates("date").sort_values(by="date")
    dates = [frame["origin"].min(), *truth["date"]]
    closes = [frame["last_close"].iloc[0], *truth["Close"]]
    axes.plot(dates, closes, color=theme.ink, linewidth=1.6, label="truth")
    horizon = int(np.max(frame["day"]))
    for i, (_, rows) in enumerate(list(frame.groupby("origin"))[::horizon]):
        draw_fan(axes, theme, rows, label=i == 0)
    look.title(axes, "Close on the test days: the truth should leave the wide band one day in ten")
    axes.set_ylabel("price (units of the table)")
    look.date_axis(axes)
    look.legend(axes, theme, columns=4)
    return figure


def draw_fan(axes: Axes, theme: Theme, rows: pd.DataFrame, label: bool) -> None:
    """One forecast's bands and median of Close, starting at the last known close."""
    first = rows.iloc[0]
    dates = [first["origin"], *rows["date"]]

    def line(level: float) -> list[float]:
        return [first["last_close"], *rows[f"Close_q{level}"]]

    for i, (low, high) in enumerate(((0.05, 0.95), (0.25, 0.75))):
        axes.fill_between(
            dates,
            line(low),
            line(high),
            color=theme.cycle[0],
            alpha=(0.18, 0.3)[i],
            linewidth=0,
            label=("90% band", "50% band")[i] if label else None,
        )
    axes.plot(
        dates,
        line(0.5),
        color=theme.cycle[0],
        linewidth=1.2,
        label="median forecast" if label else None,
    )


def horizon(records: Records, theme: Theme) -> Figure | None:
    """Squared error by day ahead, model beside baselines; with CRPS where the model has one."""
    forecasters = records.scores["splits"]["test"]["forecasters"]
    names = [n for n in ("mse", "crps") if n in forecasters["model"]["scaled"]]
    figure, axes = look.side_by_side(theme, len(names), 3.0)
    for one, name in zip(axes, names):
        for colour, (key, table) in zip(theme.cycle, forecasters.items()):
            if name in table["scaled"]:
                _horizon_line(one, key, colour, table["scaled"][name]["by_day"])
        one.set_xlabel("day ahead")
        one.set_ylabel(f"{name.upper()} (scaled units)")
        one.margins(y=0.25)
        look.title(one, f"{name.upper()} by day ahead: lower is better")
    look.legend(axes[0], theme)
    return figure


def _horizon_line(axes: Axes, key: str, colour: str, by_day: list[float]) -> None:
    days = np.arange(1, len(by_day) + 1)
    line = "o-" if key == "model" else ".--"
    axes.plot(
        days,
        by_day,
        line,
        color=colour,
        markersize=4,
        linewidth=2 if key == "model" else 1,
        label=FORECASTERS[key],
    )
    axes.set_xticks(days[:: max(1, len(days) // 10)])


def calibration(records: Records, theme: Theme) -> Figure | None:
    """PIT histogram of each target, and the share of truths inside each central interval."""
    table = records.scores["splits"]["test"]["forecasters"]["model"]
    if "pit" not in table:
        return None
    figure, (left, right) = look.side_by_side(theme, 2, 3.2)
    edges = np.linspace(0, 1, PIT_BINS + 1)
    for target in TARGET_NAMES:
        left.stairs(table["pit"][target], edges, linewidth=1.5, label=target)
    left.axhline(1 / PIT_BINS, color=theme.ink, linestyle="--", linewidth=1)
    left.set_xlabel("PIT value: where in its forecast the truth fell")
    left.set_ylabel("share of test forecasts")
    look.title(left, "Calibrated forecasts lie along the dashed line")
    look.legend(left, theme, columns=2)
    _coverage_lines(right, theme, table["coverage"])
    return figure


def _coverage_lines(axes: Axes, theme: Theme, coverage: dict) -> None:
    said = [float(level.rstrip("%")) / 100 for level in coverage]
    axes.plot([0, 1], [0, 1], color=theme.ink, linestyle="--", linewidth=1)
    for target in TARGET_NAMES:
        axes.plot(said, [c["by_target"][target] for c in coverage.values()], "o-", label=target)
    axes.set_xlim(0.4, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("probability the interval claims")
    axes.set_ylabel("share of truths inside")
    look.title(axes, "Below the dashed line: too sure")
