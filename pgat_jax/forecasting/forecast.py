"""Forecasts the next days (`forecast`) and all test windows (`forecasts.csv`), in prices."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data
from pgat_jax.data.table import Table
from pgat_jax.forecasting.origin import ForecastOrigin, find_origin
from pgat_jax.forecasting.predict import (
    find_predicted_rows,
    load_or_predict_split,
    predict_window,
)
from pgat_jax.forecasting.price_frame import (
    BAND_LEVELS,
    make_price_frame,
    select_levels,
    write_csv,
)
from pgat_jax.forecasting.request import check_csv_path, check_levels
from pgat_jax.forecasting.residuals import describe_spread, ensure_distribution
from pgat_jax.progress import Reporter
from pgat_jax.runs.folder import FORECASTS
from pgat_jax.runs.loaded_run import LoadedRun, load_run

# Sampled paths of a test window: there may be hundreds of windows.
TEST_PATHS = 1000
# Sampled paths of a single forecast.
PATHS = 10_000


class PriceForecast(NamedTuple):
    """A forecast in prices, with what is needed to print and draw it.

    Attributes:
        table: the table that the forecast starts from.
        origin: the last known day, and the days that are forecast.
        frame: the forecast, as `make_price_frame` returns it, with the levels of the user and of
            the bands.
        levels: the levels that the user asked for.
        spread: where the distribution comes from, in words.
        warning: what a reader must know if training has seen the days; else None.
        csv: the file that was written.
    """

    table: Table
    origin: ForecastOrigin
    frame: pd.DataFrame
    levels: tuple[float, ...]
    spread: str
    warning: str | None
    csv: Path


def forecast_run(
    run: Path,
    data: str | None,
    start: str | None,
    quantiles: tuple[float, ...],
    output: Path | None,
) -> PriceForecast:
    """Forecasts the P trading days after the last known day, and writes them as CSV.

    Args:
        run: the folder of a run.
        data: a file with rows that the run never saw; it is read with the run's columns and
            scaling. The run's own table if None.
        start: the last known day, as YYYY-MM-DD; the last day of the table if None.
        quantiles: levels between 0 and 1.
        output: the CSV file; a file in the run folder if None.

    Raises:
        UserError: the run, file, date, levels or output cannot be used; nothing is written.
    """
    levels = check_levels(quantiles)
    if output is not None:
        check_csv_path(output)
    say = Reporter().say
    loaded = load_run(run, say=say)
    rows = loaded.data if data is None else load_new_rows(loaded, data)
    row = len(rows.table) - 1 if start is None else rows.row_at(start)
    batch, days = rows.window_at(row)
    origin = find_origin(rows, row, days)
    say(f"Forecasting {days[0]} to {days[-1]} ...")
    forecast = ensure_distribution(loaded, predict_window(loaded, batch))
    frame = make_price_frame(rows, forecast, 0, origin, {*levels, *BAND_LEVELS}, PATHS)
    path = output or loaded.path / f"forecast-{origin.date}.csv"
    write_csv(select_levels(frame, levels), path)
    spread = describe_spread(loaded.config.loss.criterion)
    warning = warn_of_seen_days(loaded, origin) if data is None else None
    return PriceForecast(rows.table, origin, frame, levels, spread, warning, path)


def write_test_forecasts(run: Path) -> Path:
    """Writes the forecast of every test window in prices, with the truth, as `forecasts.csv`.

    Args:
        run: the folder of a run.

    Returns:
        The path of the file.

    Raises:
        UserError: `run` is not a run folder, or it is damaged.
    """
    loaded = load_run(run, say=Reporter().say)
    forecast = ensure_distribution(loaded, load_or_predict_split(loaded, "test").forecast)
    days = loaded.data.table.dates[find_predicted_rows(loaded, "test")]
    origins = [find_origin(loaded.data, r, d) for r, d in zip(loaded.data.windows("test"), days)]
    frames = [
        make_price_frame(loaded.data, forecast, window, origin, BAND_LEVELS, TEST_PATHS)
        for window, origin in enumerate(origins)
    ]
    return write_csv(pd.concat(frames), loaded.path / FORECASTS)


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
    return load_data(run.config.model_copy(update={"data": section}), run.scaler)


def warn_of_seen_days(run: LoadedRun, origin: ForecastOrigin) -> str | None:
    """Returns a warning if training or validation has seen the days of a forecast, else None.

    Args:
        run: the run that forecasts.
        origin: the last known day, in the run's own table.
    """
    splits = run.data.splits
    if origin.row + 1 >= splits.validation.stop:
        return None
    if origin.row + 1 >= splits.train.stop:
        return (
            "These days chose the best checkpoint (validation split): the forecast looks better "
            "than on new days."
        )
    return "The model was trained on these days: the forecast looks better than on new days."
