"""Draws the picture of one forecast: the last closing prices, and the bands of the next days."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.origin import CLOSE
from pgat_jax.output import write_output
from pgat_jax.pages import theme
from pgat_jax.pages.plots_forecast import draw_fan

HISTORY_DAYS = 60


def write_forecast_picture(forecast: PriceForecast) -> Path:
    """Draws a forecast and writes it as PNG beside its CSV file.

    Args:
        forecast: a forecast whose CSV file was written.

    Returns:
        The path of the picture.

    Raises:
        UserError: the file cannot be written.
    """
    return write_output(forecast.csv.with_suffix(".png"), theme.encode_png(draw_forecast(forecast)))


def draw_forecast(forecast: PriceForecast) -> Figure:
    """Draws the last 60 closing prices, the bands, and the truth where it is known.

    Args:
        forecast: the forecast.
    """
    table, origin, frame = forecast.table, forecast.origin, forecast.frame
    figure, (axes,) = theme.stack_panels(theme.LIGHT, (4.2,))
    past = slice(max(0, origin.row + 1 - HISTORY_DAYS), origin.row + 1)
    axes.plot(table.dates[past], table.prices[past, CLOSE], color=theme.LIGHT.ink, label="close")
    rows = frame.assign(**{key: pd.to_datetime(frame[key]) for key in ("origin", "date")})
    draw_fan(axes, theme.LIGHT, rows, label=True)
    if bool(frame["Close"].notna().any()):
        axes.plot(rows["date"], rows["Close"], ".", color=theme.LIGHT.ink, label="truth")
    theme.set_title(axes, f"Close after {origin.date}, with the central 50% and 90% of the paths")
    axes.set_ylabel("price (units of the table)")
    theme.set_date_axis(axes)
    theme.add_legend(axes, theme.LIGHT)
    return figure
