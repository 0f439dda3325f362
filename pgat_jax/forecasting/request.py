"""Describes what a user asks `forecast` for, and checks it before any work is done."""

import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pgat_jax.config import DataConfig
from pgat_jax.data.dataset import Data
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError

# The levels of the quantiles unless others are asked for.
LEVELS = (0.05, 0.5, 0.95)


class ForecastRequest(NamedTuple):
    """What a user asks of one forecast.

    Attributes:
        new: a file or table with rows to forecast from; None for the run's own table.
        start: the last known day, as YYYY-MM-DD; None for the last day of the table.
        levels: levels of the quantiles, as `check_levels` returns them.
        days: the number of days to forecast, at most P; None for P.
    """

    new: str | Path | Table | None = None
    start: str | None = None
    levels: tuple[float, ...] = LEVELS
    days: int | None = None


def check_levels(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    """Checks the levels of quantiles.

    Args:
        quantiles: the levels, in any order.

    Returns:
        The levels in increasing order, each once.

    Raises:
        UserError: there is no level, or one is not a number between 0 and 1.
    """
    wrong = [q for q in quantiles if not (math.isfinite(q) and 0 < q < 1)]
    if wrong or not quantiles:
        got = f"got {wrong[0]:g}" if wrong else "got none"
        raise UserError(
            f"--quantiles: {got}, expected levels between 0 and 1, both left out, such as "
            ".05,.5,.95."
        )
    return tuple(sorted(set(quantiles)))


def check_csv_path(path: Path) -> None:
    """Checks that a CSV file can be written at a path.

    Args:
        path: the path.

    Raises:
        UserError: the path does not end in .csv, is a folder, or its folder does not exist.
    """
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise UserError(f"--output {path}: expected the name of a file that ends in .csv.")
    if not path.parent.is_dir():
        raise UserError(f"--output {path}: the folder {path.parent} does not exist.")


def check_days(days: int | None, config: DataConfig) -> int:
    """Checks the number of days to forecast.

    Args:
        days: the number that the user asks for; None for all.
        config: the `data` section of the run's configuration; it forecasts `pred_len` (P) days.

    Returns:
        The number of days.

    Raises:
        UserError: it is not between 1 and P.
    """
    horizon = config.pred_len
    if days is None:
        return horizon
    if 1 <= days <= horizon:
        return days
    problem = f"--days {days}: expected 1 to {horizon}"
    raise UserError(
        f"{problem}: {explain_horizon(days, config)}" if days > horizon else f"{problem}."
    )


def explain_horizon(days: int, config: DataConfig) -> str:
    """Returns a sentence that says why a run forecasts no further, and what to train.

    Args:
        days: the number of days that the user asks for, more than the run forecasts.
        config: the `data` section of the run's configuration.
    """
    splits = {key: getattr(config, key) for key in ("validation_days", "test_days")}
    longer = [f"data.{key}={days}" for key, size in splits.items() if size < days]
    keys = " ".join([f"data.pred_len={days}", *longer])
    return (
        f"the run learned the distributions of {config.pred_len} days, and how often its bands "
        "contain the actual price was measured on them alone, so bands of later days would be a "
        f"guess: train one for {days} days with {keys}."
    )


def check_start(rows: Data, start: str, say: Callable[[str], None]) -> int:
    """Finds the row of the last known day, and checks that a forecast from there is possible.

    Args:
        rows: the table.
        start: the day, as YYYY-MM-DD.
        say: called with a line if the table has no such day, so that an earlier one is taken.

    Returns:
        The last row on or before the day.

    Raises:
        UserError: it is not a date, lies after the last row, or the table has fewer than
            `data.seq_len` rows up to it.
    """
    dates, need = rows.table.dates, rows.config.seq_len
    if _is_date(start) and len(dates) >= need:
        first, last = dates[need - 1], dates[-1]
        if not first <= np.datetime64(start) <= last:
            raise UserError(
                f"--from {start}: expected {first} to {last}: a forecast needs data.seq_len "
                f"({need}) days of the table up to this one."
            )
    row = rows.row_at(start)
    if str(dates[row]) != start:
        say(f"{start} is not a day of the table: forecasting from {dates[row]}, the last before it")
    return row


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
