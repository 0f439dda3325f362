"""Pictures of a run, drawn from the files in its folder alone: light ones, and dark twins."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from pgat_jax.output import write_output
from pgat_jax.pages import theme as look
from pgat_jax.pages.plots_forecast import calibration, fan, horizon
from pgat_jax.pages.plots_training import celestial_path, gate, loss, norms
from pgat_jax.pages.theme import Theme
from pgat_jax.runs.records import Records, read_records


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


def _draw_both(picture: Picture, records: Records, run: Path) -> list[Path]:
    paths = []
    for theme in look.THEMES:
        figure, path = picture.draw(records, theme), picture_path(run, picture.name, theme)
        if figure is not None:
            paths.append(write_output(path, look.png(figure)))
    return paths


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
        "path",
        "Gradient norms along the celestial path, and how much forecasts and targets vary. A line "
        "that dies to zero is a station that no longer learns.",
        celestial_path,
    ),
    Picture(
        "norms",
        "Gradient, update and weight norms of each parameter group, recorded inside the compiled "
        "step. A line that dies to zero is a part that no longer learns.",
        norms,
    ),
)
