"""Prints a forecast of the closing price in the terminal."""

from pgat_jax.errors import printable
from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.paths import ASSUMPTIONS
from pgat_jax.text_table import TextTable, open_console, print_table

# Quantiles that fit in a table of 100 columns, beside the actual price.
MAX_LEVELS = 5


def print_forecast(forecast: PriceForecast) -> None:
    """Prints the forecast of Close, how far to trust it, and where its spread is from.

    Args:
        forecast: the forecast.
    """
    console = open_console()
    print_table(console, tabulate_close(forecast))
    console.print(forecast.trust)
    console.print(f"Distribution of the model: {forecast.spread}. {ASSUMPTIONS}")


def tabulate_close(forecast: PriceForecast) -> TextTable:
    """Returns a table of the point forecast and at most five quantiles of Close, a row a day.

    A last column has the actual Close if it is known for any of the days.

    Args:
        forecast: the forecast.
    """
    frame, levels = forecast.frame, forecast.levels
    first = frame.iloc[0]
    columns = {"date": "date", "Close_forecast": "forecast"}
    columns |= {f"Close_q{a}": f"{100 * a:g}%" for a in choose_levels(levels, MAX_LEVELS)}
    columns |= {"Close": "actual"} if bool(frame["Close"].notna().any()) else {}
    rows = [
        [x if isinstance(x, str) else f"{x:.2f}" for x in row[list(columns)]]
        for _, row in frame.iterrows()
    ]
    caption = (
        f"{forecast.source}, run {forecast.run}: Close after {first['origin']}, when it was "
        f"{first['last_close']:.2f}"
    )
    return TextTable(printable(caption), list(columns.values()), rows)


def choose_levels(levels: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Returns all levels if there are few enough, else some that are spread evenly.

    The first and the last level are always among them.

    Args:
        levels: levels of quantiles, increasing.
        most: the most levels to return, at least two.
    """
    last = len(levels) - 1
    if last < most:
        return levels
    return tuple(levels[round(i * last / (most - 1))] for i in range(most))
