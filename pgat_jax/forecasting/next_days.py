"""Writes and reads `next_days.json`: a run's forecast of the days after the end of its table."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import UserError
from pgat_jax.forecasting.forecast import PriceForecast, forecast_days
from pgat_jax.forecasting.price_frame import BAND_LEVELS
from pgat_jax.output import replace_nonfinite, write_output
from pgat_jax.storage.folder import NEXT_DAYS
from pgat_jax.storage.loaded_run import LoadedRun

# The key of the reason for which there is no forecast.
PROBLEM = "problem"


def write_next_days(run: LoadedRun) -> Path:
    """Forecasts the days after the last one of the run's table, and writes `next_days.json`.

    The file has the reason in place of a forecast if the table has celestial columns that cannot be
    computed for those days, or if they lie outside the ephemeris.

    Args:
        run: the run.

    Returns:
        The path of the file.

    Raises:
        UserError: the run's table cannot be read or has changed, or the file cannot be written.
    """
    rows = run.data
    try:
        content = to_json(forecast_days(run, rows, len(rows.table) - 1, BAND_LEVELS))
    except UserError as error:
        content = {PROBLEM: str(error)}
    text = json.dumps(replace_nonfinite(content), allow_nan=False, indent=1)
    return write_output(run.path / NEXT_DAYS, text.encode())


def to_json(forecast: PriceForecast) -> dict[str, Any]:
    """Returns a forecast as plain values; `from_json` is the inverse.

    Args:
        forecast: the forecast.

    Returns:
        The fields of `PriceForecast` by name; `history` and `frame` as column -> list of values, in
        which unknown prices are NaN.
    """
    tables = {"history": forecast.history, "frame": forecast.frame}
    plain = {name: frame.to_dict("list") for name, frame in tables.items()}
    return forecast._asdict() | plain | {"levels": list(forecast.levels)}


def from_json(content: dict[str, Any]) -> PriceForecast | None:
    """Returns the forecast of a `next_days.json`, or None if the file has none.

    Args:
        content: the content of the file: the result of `to_json`, or the reason for which there is
            no forecast under the key `problem`.
    """
    if PROBLEM in content:
        return None
    history, frame = (pd.DataFrame(content[name]) for name in ("history", "frame"))
    frame = frame.astype(dict.fromkeys(PRICES, float))  # null is NaN
    typed: dict[str, Any] = {"history": history, "frame": frame, "levels": tuple(content["levels"])}
    return PriceForecast(**(content | typed))
