"""Prints a forecast of the closing price in the terminal."""

from pathlib import Path

import pandas as pd

from pgat_jax.errors import printable
from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.paths import ASSUMPTIONS
from pgat_jax.text_table import TextTable, open_console, print_table

# Quantiles that fit in a table of 100 columns.
MAX_LEVELS = 7


def print_forecast(forecast: PriceForecast, picture: Path) -> None:
    """Prints the forecast of Close, where its distribution comes from, and the files.

    Args:
        forecast: the forecast, whose CSV file was written.
        picture: the picture of it that was written.
    """
    console = open_console()
    print_table(console, tabulate_close(forecast.frame, forecast.levels))
    for line in (
        forecast.warning,
        f"Distribution of the model: {forecast.spread}. {ASSUMPTIONS}",
    ):
        if line:
            console.print(line)
    console.print(printable(f"{forecast.csv}\n{picture}"), soft_wrap=True)


def tabulate_close(frame: pd.DataFrame, levels: tuple[float, ...]) -> TextTable:
    """Returns a table of the point forecast and at most seven quantiles of Close.

    Args:
        frame: a forecast, as `make_price_frame` returns it.
        levels: the levels to choose from, increasing.
    """
    first = frame.iloc[0]
    columns = {"date": "date", "Close_forecast": "forecast"}
    columns |= {f"Close_q{a}": f"{100 * a:g}%" for a in choose_levels(levels)}
    columns |= {"Close": "truth"} if bool(frame["Close"].notna().any()) else {}
    rows = [
        [x if isinstance(x, str) else f"{x:.2f}" for x in row[list(columns)]]
        for _, row in frame.iterrows()
    ]
    caption = f"Close after {first['origin']} (last {first['last_close']:.2f})"
    return TextTable(caption, list(columns.values()), rows)


def choose_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Returns all levels if there are at most seven, else seven that are spread evenly.

    Args:
        levels: levels of quantiles, increasing.
    """
    if len(levels) <= MAX_LEVELS:
        return levels
    inner, count = levels[1:-1], MAX_LEVELS - 2
    middle = (inner[round(i * (len(inner) - 1) / (count - 1))] for i in range(count))
    return levels[0], *middle, levels[-1]
