"""Scores of a run beside three baselines, on the same windows: scores.json and ``evaluate``."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pgat_jax.forecasting import baselines, predict, scores
from pgat_jax.forecasting.comparison import Skill, conclusion, skill, verdict
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.output import write_output
from pgat_jax.progress import Reporter
from pgat_jax.runs.folder import load_run, params_sha256

if TYPE_CHECKING:
    from pgat_jax.output import write_output
from pgat_jax.runs.folder import LoadedRun

SPLITS = ("validation", "test")
COMPARED_SCORES = ("mse", "crps")
COMPARED_TARGETS = {"Close": slice(3, 4), "all targets": slice(0, 4)}


def evaluate_run(run: Path, as_json: bool) -> dict:
    """Score a run and print the scores: tables that fit 100 columns, or strict JSON.

    Raises:
        UserError: ``run`` is not a run folder, or it is damaged.
    """
    found = score_run(run)
    if as_json:
        print(json.dumps(found, allow_nan=False))
    else:
        from pgat_jax.forecasting.score_tables import print_scores

        print_scores(found)
    return found


def score_run(run: Path) -> dict:
    """Score a run's best parameters; writes ``scores.json`` (atomically) and returns its content.

    Raises:
        UserError: ``run`` is not a run folder, or it is damaged.
    """
    loaded = load_run(run, say=Reporter().say)
    found = strict(
        {
            "run": loaded.path.name,
            "criterion": loaded.config.loss.criterion,
            "params_sha256": params_sha256(loaded.params),
            "data": describe_data(loaded),
            "splits": score_splits(loaded),
        }
    )
    text = json.dumps(found, allow_nan=False, indent=1)
    write_output(loaded.path / "scores.json", text.encode())
    return found


def score_splits(run: "LoadedRun") -> dict:
    """Scores of both splits.

    With the ``mse`` head the test windows get the spread of the validation residuals; on the
    validation windows themselves those would flatter, so there the forecast stays a point.
    """
    validation, test = (predict.predict_split(run, split) for split in SPLITS)
    spread = {"validation": predict.HEAD_SPREAD, "test": predict.HEAD_SPREAD}
    if test.forecast.distribution is None:
        test = test._replace(forecast=predict.with_residuals(test.forecast, validation))
        spread = {"validation": None, "test": predict.RESIDUAL_SPREAD}
    return {
        split: score_split(run, split, predicted) | {"spread": spread[split]}
        for split, predicted in zip(SPLITS, (validation, test))
    }


def score_split(run: "LoadedRun", split: str, predicted: predict.Predicted) -> dict:
    """Scores of one split: its days, each forecaster's table, and what the comparison says."""
    truth, days = predicted.truth, predict.predicted_rows(run, split)
    forecasters = {"model": predicted.forecast, **make_baselines(run, split)}
    scale = predict.target_scale(run.scaler)
    dates = run.data.table.dates
    return {
        "windows": len(truth),
        "first_day": str(dates[days.min()]),
        "last_day": str(dates[days.max()]),
        "forecasters": {
            name: scores.score_table(one, truth, *scale) for name, one in forecasters.items()
        },
    } | compare(forecasters, truth, days)


def make_baselines(run: "LoadedRun", split: str) -> dict[str, Forecast]:
    """The three baselines for the windows of a split."""
    rows, horizon = run.data.windows(split), run.config.data.pred_len
    targets = predict.scaled_targets(run.data)
    train = slice(*run.data.splits.train)
    mean, std = predict.target_scale(run.scaler)
    return {
        "zero_return": baselines.zero_return(mean, std, len(rows), horizon),
        "historical_mean": baselines.historical_mean(targets[train], len(rows), horizon),
        "last_250_days": baselines.recent_days(targets, rows, horizon),
    }


def compare(forecasters: dict[str, Forecast], truth: np.ndarray, days: np.ndarray) -> dict:
    """The model against each baseline by MSE, and by CRPS where both have a distribution.

    For Close, and for all four targets; Close is the harder test, since Highs lie above the last
    close and Lows below it whatever one knows.
    """
    each = {name: scores.losses(one, truth) for name, one in forecasters.items()}
    comparisons, conclusions = [], []
    for targets, place in COMPARED_TARGETS.items():
        for score in (s for s in COMPARED_SCORES if s in each["model"]):
            against = _skills(each, score, place, days)
            comparisons += [_compared(score, targets, k, found) for k, found in against.items()]
            named = {scores.FORECASTERS[name]: found for name, found in against.items()}
            conclusions.append(conclusion(f"{score.upper()} of {targets}", named))
    return {"comparisons": comparisons, "conclusions": conclusions}


def _skills(each: dict, score: str, place: slice, days: np.ndarray) -> dict[str, Skill]:
    model = each["model"][score][..., place]
    return {
        name: skill(model, losses[score][..., place], days)
        for name, losses in each.items()
        if name != "model" and score in losses
    }


def _compared(score: str, targets: str, baseline: str, found: Skill) -> dict:
    head = {"score": score, "targets": targets, "baseline": baseline}
    values = {"skill": found.value, "low": found.low, "high": found.high, "days": found.days}
    return head | values | {"verdict": verdict(found)}


def describe_data(run: "LoadedRun") -> dict:
    """What the run was trained on, for readers of its folder."""
    table, (mean, std) = run.data.table, predict.target_scale(run.scaler)
    return {
        "source": table.source,
        "hash": table.hash,
        "rows": len(table),
        "first_date": str(table.dates[0]),
        "last_date": str(table.dates[-1]),
        "columns": len(table.columns.names),
        "dropped": list(table.dropped),
        "notes": list(table.notes),
        "windows": {s: len(run.data.windows(s)) for s in ("train", *SPLITS)},
        "return_mean": dict(zip(scores.TARGET_NAMES, mean.tolist())),
        "return_std": dict(zip(scores.TARGET_NAMES, std.tolist())),
    }


def strict(value: Any) -> Any:
    """The same content with NaN and Inf as None, since JSON has neither."""
    if isinstance(value, dict):
        return {key: strict(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [strict(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
