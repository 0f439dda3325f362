"""What the files of a run tell, as tables; the pictures are drawn from them alone."""

import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pgat_jax.runs.metrics import read_metrics


class Records(NamedTuple):
    """What a run folder tells: training and validation records, scores, test forecasts."""

    train: pd.DataFrame
    validation: pd.DataFrame
    scores: dict
    forecasts: pd.DataFrame


def read_records(run: Path) -> Records:
    """Read the files of a run that ``train``, ``evaluate`` and ``forecast`` wrote."""
    metrics = read_metrics(run)
    train, validation = (_numbers(metrics, event) for event in ("train", "validation"))
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    forecasts = pd.read_csv(run / "forecasts.csv", parse_dates=["origin", "date"])
    return Records(train, validation, scores, forecasts)


def _numbers(metrics: list[dict], event: str) -> pd.DataFrame:
    """Records of one event, one row each; what was not finite is NaN."""
    frame = pd.DataFrame([record for record in metrics if record["event"] == event])
    return frame.drop(columns=["event", "nonfinite"], errors="ignore").astype(float)
