"""Reads the files of a run as tables. The pictures of a run are drawn from these tables alone."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from pgat_jax.storage.folder import FORECASTS, NEXT_DAYS, SCORES
from pgat_jax.storage.metrics import read_metrics


class RunRecords(NamedTuple):
    """The content of a run's files.

    Attributes:
        train: the training records, one row each.
        validation: the validation records, one row each.
        scores: the content of `scores.json`.
        forecasts: the content of `forecasts.csv`, one row for each test window and day ahead.
        next_days: the content of `next_days.json`.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    scores: dict[str, Any]
    forecasts: pd.DataFrame
    next_days: dict[str, Any]


def read_records(run: Path) -> RunRecords:
    """Reads the files of a run that was trained, scored and forecast.

    Args:
        run: the folder of the run; it must hold its scores, forecasts and forecast of the next
            days. Without `metrics.jsonl` the records are empty.

    Raises:
        UserError: a line of `metrics.jsonl` is damaged.
    """
    metrics = read_metrics(run)
    train, validation = (_tabulate(metrics, event) for event in ("train", "validation"))
    scores, next_days = (
        json.loads((run / name).read_text(encoding="utf-8")) for name in (SCORES, NEXT_DAYS)
    )
    forecasts = pd.read_csv(run / FORECASTS, parse_dates=["origin", "date"])
    return RunRecords(train, validation, scores, forecasts, next_days)


def _tabulate(metrics: list[dict[str, Any]], event: str) -> pd.DataFrame:
    """Returns the records of one event, one row each, with NaN for null."""
    frame = pd.DataFrame([record for record in metrics if record["event"] == event])
    return frame.drop(columns=["event", "nonfinite"], errors="ignore").astype(float)
