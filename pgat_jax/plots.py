"""Pictures of a run, drawn from the files in its folder alone: light ones, and dark twins."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pgat_jax import theme as look
from pgat_jax.data.columns import BODIES
from pgat_jax.metrics import read_metrics
from pgat_jax.output import write_output
from pgat_jax.scores import FORECASTERS, PIT_BINS, TARGET_NAMES
from pgat_jax.theme import Theme

FEW = 20
"""Records below which points are marked, since lines alone would hide them."""


class Records(NamedTuple):
    """What a run folder tells: training and validation records, scores, test forecasts."""

    train: pd.DataFrame
    validation: pd.DataFrame
    scores: dict
    forecasts: pd.DataFrame


class Picture(NamedTuple):
    """One picture: its file's stem, a sentence of what to see, and how it is drawn."""

    name: str
    caption: str
    draw: Callable[[Records, Theme], Figure | None]
    """None where the run has nothing to draw."""


def draw_run(run: Path) -> list[Path]:
    """Draw every picture that the run has data for, into ``pictures/`` and ``pictures/dark/``."""
    records = read_records(run)
    return [path for picture in PICTURES for path in _draw_both(picture, records, run)]


def picture_path(run: Path, name: str, theme: Theme) -> Path:
    """Where a picture of a run lies."""
    folder = run / "pictures"
    return (folder if theme is look.LIGHT else folder / theme.name) / f"{name}.png"


def read_records(run: Path) -> Records:
    """Read the files of a run that ``train``, ``evaluate`` and ``forecast`` wrote."""
    metrics = read_metrics(run)
    train, validation = (_numbers(metrics, event) for event in ("train", "validation"))
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    forecasts = pd.read_csv(run / "forecasts.csv", parse_dates=["origin", "date"])
    return Records(train, validation, scores, forecasts)


def _numbers(metrics: list[dict], event: str) -> pd.DataFrame:
    """Records of one event, one row each; what was not finite is NaN."""
    frame = pd.DataFrame([record for record in metrics if record["event"] == event])
    return frame.drop(columns=["event", "nonfinite"], errors="ignore").astype(float)


def _draw_both(picture: Picture, records: Records, run: Path) -> list[Path]:
    paths = []
    for theme in look.THEMES:
        figure, path = picture.draw(records, theme), picture_path(run, picture.name, theme)
        if figure is not None:
            paths.append(write_output(path, look.png(figure)))
    return paths


def _marker(train: pd.DataFrame) -> str:
    return "." if len(train) < FEW else ""


def loss(records: Records, theme: Theme) -> Figure | None:
    """Training and validation loss, and the learning rate, over training steps."""
    train, validation = records.train, records.validation
    if train.empty:
        return None
    figure, (upper, lower) = look.panels(theme, (3.0, 1.5))
    upper.plot(
        train["step"],
        train["loss"],
        marker=_marker(train),
        linewidth=0.8,
        alpha=0.45,
        label="training, recorded",
    )
    smooth = train["loss"].rolling(max(1, len(train) // 40), min_periods=1).mean()
    upper.plot(train["step"], smooth, color=theme.cycle[0], label="training, running mean")
    if not validation.empty:
        upper.plot(
            validation["step"],
            validation["loss"],
            "o-",
            color=theme.cycle[1],
            markersize=4,
            label="validation, each epoch",
        )
    look.title(upper, "Loss: validation should fall with training, and not turn up")
    upper.set_ylabel("loss (scaled units)")
    look.legend(upper, theme)
    lower.plot(train["step"], train["learning_rate"], marker=_marker(train), color=theme.cycle[2])
    lower.set_ylabel("learning rate")
    lower.set_xlabel("training step (batches)")
    return figure


def gate(records: Records, theme: Theme) -> Figure | None:
    """Gate mean with its spread, and attention entropy against that of uniform attention."""
    train = records.train
    if train.empty or "gate_mean" not in train:
        return None
    figure, (upper, lower) = look.panels(theme, (2.3, 2.3))
    mean, spread = train["gate_mean"], train["gate_spread"]
    upper.plot(train["step"], mean, marker=_marker(train), label="mean")
    upper.fill_between(
        train["step"], mean - spread, mean + spread, alpha=0.25, label="mean ± spread"
    )
    look.title(upper, "Gate: 0.5 at the start; a spread says that it chooses by day and channel")
    upper.set_ylabel("gate (0 closed, 1 open)")
    look.legend(upper, theme, columns=2)
    uniform = math.log(len(BODIES))
    lower.axhline(
        uniform, color=theme.ink, linestyle="--", linewidth=1, label="uniform: ln 13 = 2.565"
    )
    lower.plot(
        train["step"],
        train["attention_entropy"],
        marker=_marker(train),
        color=theme.cycle[1],
        label="entropy",
    )
    look.title(lower, "Attention over the 13 bodies: below the dashed line it prefers some")
    lower.set_ylabel("entropy (nats)")
    lower.set_xlabel("training step (batches)")
    look.legend(lower, theme, columns=2)
    return figure


NORMS = {"gradient_norm": "gradient", "update_norm": "update", "weight_norm": "weights"}


def norms(records: Records, theme: Theme) -> Figure | None:
    """Gradient, update and weight norm of each parameter group, on logarithmic axes."""
    train = records.train
    if not any(name.startswith("gradient_norm/") for name in train):
        return None
    figure, axes = look.panels(theme, (2.2, 2.2, 2.2))
    for one, (prefix, label) in zip(axes, NORMS.items()):
        for column in [c for c in train if c.startswith(f"{prefix}/")]:
            one.plot(
                train["step"],
                train[column].where(train[column] > 0),
                marker=_marker(train),
                linewidth=1,
                label=column.partition("/")[2],
            )
        one.set_yscale("log")
        one.set_ylabel(f"{label} (norm)")
    look.title(axes[0], "Norms by parameter group: no line should die to zero or run away")
    look.legend(axes[0], theme, columns=6)
    axes[-1].set_xlabel("training step (batches)")
    return figure


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


PICTURES = (
    Picture(
        "loss",
        "Training and validation loss, with the learning rate beneath. Both losses should fall "
        "together; where validation turns up while training still falls, the model memorises.",
        loss,
    ),
    Picture(
        "horizon",
        "Mean loss on the test windows by day ahead. A model that knows something lies below the "
        "three baselines; on daily returns the distance is small at best.",
        horizon,
    ),
    Picture(
        "forecast",
        "Forecasts of the closing price from test days one horizon apart, against what came. The "
        "bands should hold the truth as often as they claim, and widen with the days ahead.",
        fan,
    ),
    Picture(
        "calibration",
        "Left: where in its forecast distribution the truth fell. A hump says too wide, a trough "
        "too narrow, a slope biased. Right: claimed against actual coverage.",
        calibration,
    ),
    Picture(
        "gate",
        "The fusion gate and the attention over the 13 bodies during training. A gate stuck at 0, "
        "0.5 or 1 without spread, or entropy at the dashed line, says the sky is not used.",
        gate,
    ),
    Picture(
        "norms",
        "Gradient, update and weight norms of each parameter group, recorded inside the compiled "
        "step. A line that dies to zero is a part that no longer learns.",
        norms,
    ),
)
