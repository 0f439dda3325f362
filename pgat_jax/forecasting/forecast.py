"""Forecasts in prices, with dates: ``forecast`` for the days to come, forecasts.csv for the test.

Columns of both CSV files, one row a forecast day:

- ``origin``: last day the model saw; ``last_close``: its closing price;
- ``day``: 1 .. P, days ahead; ``date``: the trading day that is forecast;
- for each of Open, High, Low, Close: ``Close`` the price that came (empty while it is unknown),
  ``Close_forecast`` the point forecast's compounded returns, ``Close_q0.05`` the 5% quantile, ...
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data
from pgat_jax.errors import UserError
from pgat_jax.forecasting import predict
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.paths import joint_ranks, sample_returns, to_prices
from pgat_jax.forecasting.scores import TARGET_NAMES
from pgat_jax.output import write_output
from pgat_jax.progress import Reporter
from pgat_jax.runs.folder import load_run

if TYPE_CHECKING:
    from pgat_jax.progress import Reporter
from pgat_jax.runs.folder import LoadedRun

BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels that pictures draw, and that forecasts.csv holds."""
TEST_PATHS = 1000
PATHS = 10_000


class Origin(NamedTuple):
    """Where a forecast starts, and the days it is for."""

    row: int
    date: np.datetime64
    close: float
    days: np.ndarray
    """[P] ``datetime64[D]``."""
    truth: np.ndarray
    """[P, T] prices; NaN where they are still to come."""


def forecast_run(
    run: Path,
    data: str | None,
    start: str | None,
    quantiles: tuple[float, ...],
    output: Path | None,
) -> Path:
    """Forecast the P trading days after the table's end, or after the date ``start``.

    ``data``: a file with rows that the run never saw, read with the run's columns and scaling.
    Prints the forecast of Close, writes a CSV (columns as above) and a picture beside it, and
    returns the CSV's path (by default in the run folder).

    Raises:
        UserError: the run, file, date, levels or output cannot be used; nothing is written.
    """
    levels = check_levels(quantiles)
    if output is not None:
        check_output(output)
    say = Reporter().say
    loaded = load_run(run, say=say)
    table = loaded.data if data is None else new_rows(loaded, data)
    row = len(table.table) - 1 if start is None else table.row_at(start)
    batch, days = table.window_at(row)
    origin = origin_at(table, row, days)
    say(f"Forecasting {days[0]} to {days[-1]} ...")
    forecast = spread_out(loaded, predict.predict_window(loaded, batch))
    frame = price_frame(table, forecast, 0, origin, {*levels, *BAND_LEVELS}, PATHS)
    path = output or loaded.path / f"forecast-{origin.date}.csv"
    write_csv(without_levels(frame, levels), path)
    from pgat_jax.forecasting.forecast_view import draw_forecast, print_forecast

    picture = path.with_suffix(".png")
    write_output(picture, draw_forecast(table.table, origin, frame))
    print_forecast(loaded, frame, levels, (path, picture), remark(loaded, data, origin))
    return path


def write_test_forecasts(run: Path) -> Path:
    """Every test window's forecast in prices beside the truth, as ``forecasts.csv``; its path.

    Raises:
        UserError: ``run`` is not a run folder, or it is damaged.
    """
    loaded = load_run(run, say=Reporter().say)
    forecast = spread_out(loaded, predict.kept_split(loaded, "test").forecast)
    days = loaded.data.table.dates[predict.predicted_rows(loaded, "test")]
    origins = [origin_at(loaded.data, r, d) for r, d in zip(loaded.data.windows("test"), days)]
    frames = [
        price_frame(loaded.data, forecast, window, origin, set(BAND_LEVELS), TEST_PATHS)
        for window, origin in enumerate(origins)
    ]
    return write_csv(pd.concat(frames), loaded.path / "forecasts.csv")


def new_rows(run: "LoadedRun", file: str) -> Data:
    """A file's rows under the run's columns and scaling; the sky is computed for them.

    Raises:
        UserError: the file is missing or bad, or lacks columns of the run.
    """
    section = run.config.data.model_copy(update={"source": file})
    return load_data(run.config.model_copy(update={"data": section}), run.scaler)


def origin_at(data: Data, row: int, days: np.ndarray) -> Origin:
    """The origin at a row of the table, with what is known of the ``days`` [P] after it."""
    table = data.table
    truth = np.full((len(days), len(TARGET_NAMES)), np.nan)
    known = table.prices[row + 1 : row + 1 + len(days)]
    truth[: len(known)] = known
    return Origin(int(row), table.dates[row], float(table.prices[row, 3]), days, truth)


def spread_out(run: "LoadedRun", forecast: Forecast) -> Forecast:
    """The forecast with a distribution: its own, or (``mse``) the validation residuals."""
    if forecast.distribution is not None:
        return forecast
    return predict.with_residuals(forecast, predict.kept_split(run, "validation"))


def price_frame(
    data: Data, forecast: Forecast, window: int, origin: Origin, levels: set[float], paths: int
) -> pd.DataFrame:
    """One window's forecast in prices: the CSV's columns, one row a day ahead.

    Paths are drawn with the origin's row as seed, and with the joint ranks of the days up to it.
    """
    assert forecast.distribution is not None
    ranks = joint_ranks(predict.scaled_targets(data)[: origin.row + 1])
    shape = (paths, *forecast.point.shape[1:])
    scaled = sample_returns(forecast.distribution.at(window), ranks, shape, origin.row)
    unscale, ordered = data.scaler.unscale_targets, sorted(levels)
    point = to_prices(unscale(forecast.point[window]), origin.close)
    found = np.quantile(to_prices(unscale(scaled), origin.close), ordered, axis=0)
    head = {
        "origin": str(origin.date),
        "last_close": origin.close,
        "day": np.arange(1, len(origin.days) + 1),
        "date": origin.days.astype(str),
    }
    return pd.DataFrame(head | _price_columns(origin.truth, point, ordered, found))


def _price_columns(truth, point, levels, quantiles) -> dict[str, np.ndarray]:
    columns = {}
    for t, target in enumerate(TARGET_NAMES):
        columns |= {target: truth[:, t], f"{target}_forecast": point[:, t]}
        columns |= {f"{target}_q{a}": quantiles[i, :, t] for i, a in enumerate(levels)}
    return columns


def without_levels(frame: pd.DataFrame, levels: tuple[float, ...]) -> pd.DataFrame:
    """The frame with the given quantiles alone, for the CSV."""
    kept = [c for c in frame if "_q" not in c or float(c.rpartition("_q")[2]) in levels]
    return frame.loc[:, kept]


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame, whole or not at all; prices with nine digits.

    Raises:
        UserError: the file cannot be written.
    """
    text = frame.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    return write_output(path, text.encode())


def check_levels(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    """The levels sorted, each once.

    Raises:
        UserError: there is none, or one is not a number between 0 and 1.
    """
    wrong = [q for q in quantiles if not (math.isfinite(q) and 0 < q < 1)]
    if wrong or not quantiles:
        got = f"got {wrong[0]:g}" if wrong else "got none"
        raise UserError(
            f"--quantiles: {got}, expected levels between 0 and 1, both left out, such as "
            ".05,.5,.95."
        )
    return tuple(sorted(set(quantiles)))


def check_output(path: Path) -> None:
    """Refuse an output that could not be written, before any work is done.

    Raises:
        UserError: it does not end in .csv, is a folder, or its folder is missing.
    """
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise UserError(f"--output {path}: expected the name of a file that ends in .csv.")
    if not path.parent.is_dir():
        raise UserError(f"--output {path}: the folder {path.parent} does not exist.")


def remark(run: "LoadedRun", data: str | None, origin: Origin) -> str | None:
    """What a reader must know of days that training has seen; None where it saw none."""
    splits = run.data.splits
    if data is not None or origin.row + 1 >= splits.validation.stop:
        return None
    if origin.row + 1 >= splits.train.stop:
        return "These days chose the best checkpoint (validation): the forecast may flatter."
    return "The model was trained on these days: the forecast flatters."
