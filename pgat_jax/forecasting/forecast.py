"""Forecasts the next days (`forecast`) and all test windows (`forecasts.csv`), in prices."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pgat_jax.data.columns import PRICES
from pgat_jax.data.dataset import Data
from pgat_jax.data.table import Table
from pgat_jax.forecasting.evaluate import load_or_score
from pgat_jax.forecasting.new_rows import load_new_rows
from pgat_jax.forecasting.origin import find_origin
from pgat_jax.forecasting.predict import (
    find_predicted_rows,
    load_or_predict_split,
    predict_window,
)
from pgat_jax.forecasting.price_frame import (
    BAND_LEVELS,
    make_price_frame,
    write_csv,
)
from pgat_jax.forecasting.request import ForecastRequest, check_days, check_start
from pgat_jax.forecasting.residuals import describe_spread, ensure_distribution
from pgat_jax.forecasting.trust import collect_facts, write_trust
from pgat_jax.progress import Reporter
from pgat_jax.storage.folder import FORECASTS
from pgat_jax.storage.loaded_run import LoadedRun

# Sampled paths of a test window: there may be hundreds of windows.
TEST_PATHS = 1000
# Sampled paths of a single forecast.
PATHS = 10_000
# Days of prices before a forecast, as a multiple of its days, that are shown beside it.
HISTORY = 2


class PriceForecast(NamedTuple):
    """A forecast in prices, with what is needed to print and draw it.

    Attributes:
        run: the name of the run that forecasts.
        source: the source of the table that the forecast starts from.
        history: `date`, Open, High, Low and Close of the last known days, the origin included.
        frame: the forecast, as `make_price_frame` returns it.
        levels: the levels of its quantiles, increasing.
        spread: where the distribution comes from, in words.
        trust: the sentence that says how far to trust it.
    """

    run: str
    source: str
    history: pd.DataFrame
    frame: pd.DataFrame
    levels: tuple[float, ...]
    spread: str
    trust: str


def make_forecast(
    run: LoadedRun, request: ForecastRequest, say: Callable[[str], None]
) -> PriceForecast:
    """Forecasts the trading days after the last known day; it writes no file but the run's scores.

    Args:
        run: the run that forecasts.
        request: what the user asks for.
        say: called with each line for the user.

    Raises:
        UserError: the file, date or number of days cannot be used.
    """
    days = check_days(request.days, run.config.data)
    rows = run.data if request.new is None else load_new_rows(run, request.new, say)
    last = len(rows.table) - 1
    row = last if request.start is None else check_start(rows, request.start, say)
    forecast = forecast_days(run, rows, row, request.levels)
    return forecast._replace(frame=forecast.frame.head(days))


def forecast_days(run: LoadedRun, rows: Data, row: int, levels: tuple[float, ...]) -> PriceForecast:
    """Forecasts the P trading days after a row of a table.

    It reads the run's `scores.json` for the sentence about trust, or scores the run and writes it.

    Args:
        run: the run that forecasts.
        rows: the table, with the run's scaler: `run.data`, or the result of `load_new_rows`.
        row: the row of the last known day.
        levels: levels of the quantiles, increasing.

    Raises:
        UserError: there are too few rows up to this one, or the celestial columns of the days to
            predict are unknown.
    """
    days = rows.find_days_after(row)
    Reporter().say(f"Forecasting {days[0]} to {days[-1]} ...")
    forecast = ensure_distribution(run, predict_window(run, rows, row))
    return PriceForecast(
        run=run.path.resolve().name,
        source=rows.table.source,
        history=tabulate_history(rows.table, row, HISTORY * len(days)),
        frame=make_price_frame(rows, forecast, 0, find_origin(rows, row, days), levels, PATHS),
        levels=levels,
        spread=describe_spread(run.config),
        trust=write_trust(collect_facts(run, load_or_score(run), days[0])),
    )


def tabulate_history(table: Table, row: int, count: int) -> pd.DataFrame:
    """Returns the dates and prices of the last days up to a row.

    Args:
        table: the table.
        row: the last row.
        count: the number of rows, or fewer if there are not as many.

    Returns:
        `date`, Open, High, Low and Close.
    """
    past = slice(max(0, row + 1 - count), row + 1)
    prices = {name: table.prices[past, i] for i, name in enumerate(PRICES)}
    return pd.DataFrame({"date": table.dates[past].astype(str)} | prices)


def write_test_forecasts(run: LoadedRun) -> Path:
    """Writes the forecast of every test window in prices, with the truth, as `forecasts.csv`.

    Args:
        run: the run.

    Returns:
        The path of the file.

    Raises:
        UserError: the run's table cannot be read or has changed, or the file cannot be written.
    """
    forecast = ensure_distribution(run, load_or_predict_split(run, "test").forecast)
    days = run.data.table.dates[find_predicted_rows(run.data, "test")]
    origins = [find_origin(run.data, r, d) for r, d in zip(run.data.windows("test"), days)]
    frames = [
        make_price_frame(run.data, forecast, window, origin, BAND_LEVELS, TEST_PATHS)
        for window, origin in enumerate(origins)
    ]
    return write_csv(pd.concat(frames), run.path / FORECASTS)
