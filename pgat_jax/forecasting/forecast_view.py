"""A forecast for people: a picture of Close as PNG, and a table for the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console
from rich.table import Table as Grid

from pgat_jax.data.table import Table
from pgat_jax.errors import printable
from pgat_jax.forecasting import predict
from pgat_jax.forecasting.paths import ASSUMPTIONS
from pgat_jax.pages import theme
from pgat_jax.pages.plots_forecast import draw_fan

if TYPE_CHECKING:
    from pgat_jax.forecasting.forecast import Origin
    from pgat_jax.runs.folder import LoadedRun

HISTORY_DAYS = 60
MAX_LEVELS = 7


def draw_forecast(table: Table, origin: "Origin", frame: pd.DataFrame) -> bytes:
    """PNG of the last 60 closes, the bands of the days to come, and the truth where it is known."""
    figure, (axes,) = theme.panels(theme.LIGHT, (4.2,))
    past = slice(max(0, origin.row + 1 - HISTORY_DAYS), origin.row + 1)
    axes.plot(table.dates[past], table.prices[past, 3], color=theme.LIGHT.ink, label="close")
    rows = frame.assign(**{key: pd.to_datetime(frame[key]) for key in ("origin", "date")})
    draw_fan(axes, theme.LIGHT, rows, label=True)
    if bool(frame["Close"].notna().any()):
        axes.plot(rows["date"], rows["Close"], ".", color=theme.LIGHT.ink, label="what came")
    theme.title(axes, f"Close after {origin.date}: the bands hold half and nine tenths of paths")
    axes.set_ylabel("price (units of the table)")
    theme.date_axis(axes)
    theme.legend(axes, theme.LIGHT)
    return theme.png(figure)


def print_forecast(
    run: "LoadedRun",
    frame: pd.DataFrame,
    levels: tuple[float, ...],
    files: tuple[Path, Path],
    remark: str | None,
) -> None:
    """The forecast of Close as a table, where its spread comes from, and where the files are."""
    console = Console(width=None if Console().is_terminal else 100, markup=False, emoji=False)
    console.print(close_table(frame, levels))
    own = run.config.loss.criterion != "mse"
    spread = predict.HEAD_SPREAD if own else predict.RESIDUAL_SPREAD
    for line in (remark, f"Distribution of the model: {spread}. {ASSUMPTIONS}"):
        if line:
            console.print(line, highlight=False)
    console.print(printable(f"{files[0]}\n{files[1]}"), highlight=False, soft_wrap=True)


def close_table(frame: pd.DataFrame, levels: tuple[float, ...]) -> Grid:
    """Dates against the point forecast and at most seven quantiles of Close."""
    first = frame.iloc[0]
    shown = levels if len(levels) <= MAX_LEVELS else (levels[0], *_middle(levels), levels[-1])
    grid = Grid(title=f"Close after {first['origin']} (last {first['last_close']:.2f})")
    known = bool(frame["Close"].notna().any())
    columns = {"date": "date", "Close_forecast": "forecast"}
    columns |= {f"Close_q{a}": f"{100 * a:g}%" for a in shown}
    columns |= {"Close": "truth"} if known else {}
    for head in columns.values():
        grid.add_column(head, justify="right")
    for _, row in frame.iterrows():
        grid.add_row(*(x if isinstance(x, str) else f"{x:.2f}" for x in row[list(columns)]))
    return grid


def _middle(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Five levels spread evenly between the first and the last."""
    inner = levels[1:-1]
    return tuple(inner[round(i * (len(inner) - 1) / 4)] for i in range(5))
