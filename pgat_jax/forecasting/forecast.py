"""Forecasts the next days (`forecast`) and all test windows (`forecasts.csv`), in prices."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pgat_jax.data.columns import PRICES
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.forecasting.evaluate import load_or_score
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
from pgat_jax.forecasting.request import check_csv_path, check_levels, check_start
from pgat_jax.forecasting.residuals import describe_spread, ensure_distribution
from pgat_jax.forecasting.trust import collect_facts, write_trust
from pgat_jax.progress import Reporter
from pgat_jax.storage.folder import FORECASTS
from pgat_jax.storage.loaded_run import LoadedRun, load_run

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


def forecast_run(
    run: Path,
    data: str | None,
    start: str | None,
    quantiles: tuple[float, ...],
    output: Path | None,
) -> tuple[PriceForecast, Path]:
    """Forecasts the P trading days after the last known day, and writes them as CSV.

    Args:
        run: the folder of a run.
        data: a .csv or .parquet file with rows that the run never saw; it is read with the run's
            columns and scaling. The run's own table if None.
        start: the last known day, as YYYY-MM-DD, or a later day before the next row; the last day
            of the table if None.
        quantiles: levels between 0 and 1, both left out, in any order.
        output: the CSV file; `forecast-DATE.csv` in the run folder if None.

    Returns:
        The forecast, and the path of the CSV file.

    Raises:
        UserError: the run, file, date, levels or output cannot be used; nothing is written.
    """
    levels = check_levels(quantiles)
    if output is not None:
        check_csv_path(output)
    say = Reporter().say
    loaded = load_run(run, say=say)
    rows = loaded.data if data is None else load_new_rows(loaded, data)
    row = len(rows.table) - 1 if start is None else check_start(rows, start, say)
    forecast = forecast_days(loaded, rows, row, levels)
    path = output or loaded.path / f"forecast-{rows.table.dates[row]}.csv"
    write_csv(forecast.frame, path)
    return forecast, path


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
    days = run.data.table.dates[find_predicted_rows(run, "test")]
    origins = [find_origin(run.data, r, d) for r, d in zip(run.data.windows("test"), days)]
    frames = [
        make_price_frame(run.data, forecast, window, origin, BAND_LEVELS, TEST_PATHS)
        for window, origin in enumerate(origins)
    ]
    return write_csv(pd.concat(frames), run.path / FORECASTS)


def load_new_rows(run: LoadedRun, file: str) -> Data:
    """Reads a file as a table with the run's columns and scaling.

    Celestial columns that the file lacks are computed for its days.

    Args:
        run: the run.
        file: the path of a CSV or Parquet file.

    Raises:
        UserError: the file is missing or bad, or lacks columns of the run.
    """
    section = run.config.data.model_copy(update={"source": file})
    try:
        return load_data(run.config.model_copy(update={"data": section}), run.scaler)
    except UserError as error:  # the user named the file by the flag, not by the key
        raise UserError(str(error).replace(f"data.source={file}", f"--data {file}")) from None
