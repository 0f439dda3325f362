"""Writes forecasts as files: one CSV for all, and a picture for each."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_csv import encode_forecasts, find_free_path, name_instrument
from pgat_jax.output import write_together
from pgat_jax.pages.forecast_picture import draw_forecast
from pgat_jax.pages.theme import LIGHT, encode_png


def write_forecasts(
    forecasts: Sequence[PriceForecast],
    made_at: datetime,
    output: Path | None,
    folder: Path,
    say: Callable[[str], None],
) -> list[Path]:
    """Writes the CSV and the pictures of forecasts: all files or none.

    Args:
        forecasts: one or more forecasts with the same levels.
        made_at: the time at which they were made.
        output: the CSV file; an older one is replaced, and `say` says so. By default the first free
            name of `forecast-DATE.csv`, where DATE is the last known day, in `folder`.
        folder: the folder of the file by default.
        say: called with a line if a file is replaced.

    Returns:
        The paths of the files, the CSV first.

    Raises:
        UserError: a file cannot be written; then none is.
    """
    origin = max(forecast.frame["origin"].iloc[0] for forecast in forecasts)
    path = output or find_free_path(folder, f"forecast-{origin}")
    if path.exists():
        say(f"{path}: an older forecast is replaced")
    contents = {path: encode_forecasts(forecasts, made_at)}
    contents |= {
        picture: encode_png(draw_forecast(forecast, LIGHT))
        for picture, forecast in zip(_name_pictures(path, forecasts), forecasts)
    }
    write_together(contents)
    return list(contents)


def _name_pictures(path: Path, forecasts: Sequence[PriceForecast]) -> list[Path]:
    """Returns the path of each picture: that of the CSV, with the instrument if there are more."""
    if len(forecasts) == 1:
        return [path.with_suffix(".png")]
    return [
        path.with_name(f"{path.stem}-{number}-{name_instrument(forecast.source)}.png")
        for number, forecast in enumerate(forecasts, 1)
    ]
