"""Draws the pictures of a run, in light and in dark, from the files in its folder alone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from pgat_jax.forecasting.next_days import from_json
from pgat_jax.output import write_output
from pgat_jax.pages.forecast_picture import NARROW, WIDE, Layout, draw_forecast
from pgat_jax.pages.plots_forecast import plot_calibration, plot_fans, plot_horizon
from pgat_jax.pages.plots_training import plot_gate, plot_loss, plot_norms, plot_path
from pgat_jax.pages.theme import LIGHT, THEMES, Theme, add_signature, encode_png
from pgat_jax.storage.records import RunRecords, read_records


class Picture(NamedTuple):
    """One picture of a run.

    Attributes:
        name: the file name without its ending.
        caption: what the picture shows, and what to look for in it.
        draw: (records of a run, theme) -> the figure, or None if the run has no data for it.
        terms: terms of `explanations.TERMS` that the picture shows, besides those of the caption.
    """

    name: str
    caption: str
    draw: Callable[[RunRecords, Theme], Figure | None]
    terms: tuple[str, ...] = ()


def draw_run(run: Path) -> list[Path]:
    """Draws every picture that a run has data for, into `pictures/` and `pictures/dark/`.

    Args:
        run: the folder of a run that was scored, with its forecasts, as `read_records` needs them.

    Returns:
        The paths of the pictures.

    Raises:
        UserError: the records of the run are damaged, or a picture cannot be written.
    """
    records = read_records(run)
    every = (NEXT_DAYS, NEXT_DAYS_NARROW, *PICTURES)
    return [path for picture in every for path in _draw_both(picture, records, run)]


def picture_path(run: Path, name: str, theme: Theme) -> Path:
    """Returns the path of a picture.

    Args:
        run: the folder of the run.
        name: the name of the picture, such as `loss`.
        theme: `LIGHT`, whose files lie in `pictures/`, or `DARK`, in `pictures/dark/`.
    """
    folder = run / "pictures"
    return (folder if theme is LIGHT else folder / theme.name) / f"{name}.png"


def name_subject(scores: dict[str, Any]) -> str:
    """Returns the names of the instrument and of the run that a picture shows.

    Args:
        scores: the content of `scores.json`, as `score_run` returns it.
    """
    return f"{Path(scores['data']['source']).name}, run {scores['run']}"


def _draw_both(picture: Picture, records: RunRecords, run: Path) -> list[Path]:
    paths = []
    for theme in THEMES:
        figure, path = picture.draw(records, theme), picture_path(run, picture.name, theme)
        if figure is not None:
            if picture in PICTURES:  # the others have the names in their titles
                add_signature(figure, theme, name_subject(records.scores))
            paths.append(write_output(path, encode_png(figure)))
    return paths


def _draw_next_days(records: RunRecords, theme: Theme, layout: Layout) -> Figure | None:
    """Draws the days after the table, if the run has a forecast of them."""
    forecast = from_json(records.next_days)
    return None if forecast is None else draw_forecast(forecast, theme, layout)


_NEXT_DAYS_CAPTION = (
    "The four prices of the last days, and the forecast of the next trading days. The actual "
    "price should lie in the wide band as often as the band claims; the sentence above says how "
    "often it did."
)
# The forecast with which the page opens, for wide and for narrow screens.
NEXT_DAYS = Picture("next_days", _NEXT_DAYS_CAPTION, partial(_draw_next_days, layout=WIDE))
NEXT_DAYS_NARROW = NEXT_DAYS._replace(
    name="next_days_narrow", draw=partial(_draw_next_days, layout=NARROW)
)
PICTURES = (
    Picture(
        "loss",
        "Training and validation loss, and the learning rate below. Both losses should fall "
        "together. If the validation loss rises while the training loss falls, the model overfits.",
        plot_loss,
        ("scaled units",),
    ),
    Picture(
        "horizon",
        "Mean loss on the test windows by day ahead. A model that predicts something lies below "
        "the three baselines; on daily returns the difference is small at best.",
        plot_horizon,
        ("MSE", "CRPS", "scaled units"),
    ),
    Picture(
        "forecast",
        "Forecasts of the closing price from test days one horizon apart, and the actual prices. "
        "The bands should contain them as often as they claim, and widen with the days ahead.",
        plot_fans,
    ),
    Picture(
        "calibration",
        "Above: the share of actual returns in each tenth of their forecast distributions. A hump "
        "in the middle means that the distributions are too wide, a trough too narrow, a slope "
        "biased. Below: the probability that an interval claims, and the share of actual returns "
        "inside it.",
        plot_calibration,
        ("PIT",),
    ),
    Picture(
        "gate",
        "The fusion gate and the attention over the 13 bodies during training. The model does not "
        "use the sky if the gate stays at 0, 0.5 or 1 without a spread, or if the entropy stays at "
        "the dashed line.",
        plot_gate,
    ),
    Picture(
        "path",
        "Gradient norms at the parameters of the celestial path, and the spread of forecasts and "
        "targets. A parameter whose line falls to zero has stopped learning.",
        plot_path,
    ),
    Picture(
        "norms",
        "Norms of gradient, update and weights for each parameter group, recorded inside the "
        "compiled step. A group whose line falls to zero has stopped learning.",
        plot_norms,
    ),
)
