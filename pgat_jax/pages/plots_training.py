"""Plots the course of training: losses, the gate and the attention, gradients and norms."""

import math

import pandas as pd
from matplotlib.figure import Figure

from pgat_jax.names import BODIES
from pgat_jax.pages import theme as look
from pgat_jax.pages.theme import Theme
from pgat_jax.storage.records import RunRecords

# Fewer records than this are marked by points, since lines alone would hide them.
FEW = 20
# The running mean of the loss spans one in this many of the records.
SMOOTHING = 40
STEP_LABEL = "training step (batches)"
# Prefix of recorded norms -> their name.
NORMS = {"gradient_norm": "gradient", "update_norm": "update", "weight_norm": "weights"}


def _marker(train: pd.DataFrame) -> str:
    return "." if len(train) < FEW else ""


def plot_loss(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots training and validation loss, and the learning rate, over training steps.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    train, validation = records.train, records.validation
    if train.empty:
        return None
    figure, (upper, lower) = look.stack_panels(theme, (3.0, 1.5), look.HALF_WIDTH)
    upper.plot(
        train["step"],
        train["loss"],
        marker=_marker(train),
        linewidth=0.8,
        alpha=0.45,
        label="training, recorded",
    )
    smooth = train["loss"].rolling(max(1, len(train) // SMOOTHING), min_periods=1).mean()
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
    look.set_title(upper, "Loss: validation should fall with training, and not rise again")
    upper.set_ylabel("loss (scaled units)")
    look.add_legend(upper, theme, columns=2)
    lower.plot(train["step"], train["learning_rate"], marker=_marker(train), color=theme.cycle[2])
    lower.set_ylabel("learning rate")
    lower.set_xlabel(STEP_LABEL)
    return figure


def plot_gate(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots the gate's mean with its spread, and the entropy of the attention over bodies.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    train = records.train
    if train.empty or "gate_mean" not in train:
        return None
    figure, (upper, lower) = look.stack_panels(theme, (2.6, 2.6), look.HALF_WIDTH)
    mean, spread = train["gate_mean"], train["gate_spread"]
    upper.plot(train["step"], mean, marker=_marker(train), label="mean")
    upper.fill_between(
        train["step"], mean - spread, mean + spread, alpha=0.25, label="mean ± standard deviation"
    )
    look.set_title(upper, "Gate: it starts at 0.5; a spread means it differs by day and channel")
    upper.set_ylabel("gate (0 to 1)")
    look.add_legend(upper, theme, columns=2)
    count = len(BODIES)
    uniform = math.log(count)
    lower.axhline(
        uniform,
        color=theme.ink,
        linestyle="--",
        linewidth=1,
        label=f"uniform attention: ln {count} = {uniform:.3f}",
    )
    lower.plot(
        train["step"],
        train["attention_entropy"],
        marker=_marker(train),
        color=theme.cycle[1],
        label="entropy",
    )
    look.set_title(
        lower, f"Attention over the {count} bodies: below the dashed line it prefers some"
    )
    lower.set_ylabel("entropy (nats)")
    lower.set_xlabel(STEP_LABEL)
    look.add_legend(lower, theme, columns=2)
    return figure


def plot_norms(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots the gradient, update and weight norm of each parameter group, on logarithmic axes.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    train = records.train
    if not any(name.startswith("gradient_norm/") for name in train):
        return None
    figure, axes = look.stack_panels(theme, (2.4, 2.0, 2.0), look.HALF_WIDTH)
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
    look.set_title(axes[0], "Norms by parameter group: none should fall to zero or grow for ever")
    look.add_legend(axes[0], theme, columns=4)
    axes[-1].set_xlabel(STEP_LABEL)
    return figure


def plot_path(records: RunRecords, theme: Theme) -> Figure | None:
    """Plots gradients along the celestial path, and the spread of forecasts and targets.

    Args:
        records: the run's files.
        theme: the colours.

    Returns:
        The figure; None if the run has no data for it.
    """
    train = records.train
    leaves = [name for name in train if name.startswith("trail/")]
    if not leaves:
        return None
    figure, (upper, lower) = look.stack_panels(theme, (2.6, 2.6), look.HALF_WIDTH)
    for i, name in enumerate(leaves):
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
    look.set_title(upper, "Gradients from the gate back to the bodies: none should fall to zero")
    look.add_legend(upper, theme, columns=4)
    for name, label in (("prediction_spread", "forecasts"), ("target_spread", "targets")):
        lower.plot(train["step"], train[name], marker=_marker(train), label=label)
    lower.set_ylabel("spread (scaled units)")
    lower.set_xlabel(STEP_LABEL)
    look.set_title(
        lower, "Standard deviation in a batch: forecasts of noisy targets vary less than they do"
    )
    look.add_legend(lower, theme, columns=2)
    return figure
