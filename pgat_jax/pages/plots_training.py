"""Pictures of how training went: losses, gate and attention, norms."""

import math

import pandas as pd
from matplotlib.figure import Figure

from pgat_jax.names import BODIES
from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme
from pgat_jax.runs.records import Records

FEW = 20
"""Records below which points are marked, since lines alone would hide them."""


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


def celestial_path(records: Records, theme: Theme) -> Figure | None:
    """Gradient at each station of the celestial path, and the spread of forecasts and targets."""
    train = records.train
    stations = [name for name in train if name.startswith("trail/")]
    if not stations:
        return None
    figure, (upper, lower) = look.panels(theme, (2.3, 2.3))
    for i, name in enumerate(stations):
        upper.plot(
            train["step"],
            train[name].where(train[name] > 0),
            "-" if i < len(theme.cycle) else "--",
            marker=_marker(train),
            linewidth=1,
            label=name.partition("/")[2],
        )
    upper.set_yscale("log")
    upper.set_ylabel("gradient (norm)")
    look.title(upper, "From the gate in to the bodies: no station should fall out of sight")
    look.legend(upper, theme, columns=7)
    for name, label in (("prediction_spread", "forecasts"), ("target_spread", "targets")):
        lower.plot(train["step"], train[name], marker=_marker(train), label=label)
    lower.set_ylabel("spread (scaled units)")
    lower.set_xlabel("training step (batches)")
    look.title(lower, "Standard deviation in a batch: forecasts of noise vary less than it does")
    look.legend(lower, theme, columns=2)
    return figure
