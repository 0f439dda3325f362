"""Scores a run beside three baselines on the same windows, for `scores.json` and `evaluate`."""

import json
from typing import Any

from pgat_jax.data.columns import PRICES
from pgat_jax.data.dataset import Data
from pgat_jax.errors import UserError
from pgat_jax.forecasting.baselines import make_baselines, scale_all_targets
from pgat_jax.forecasting.comparison import compare_forecasters
from pgat_jax.forecasting.new_rows import find_last_seen, split_after
from pgat_jax.forecasting.predict import (
    Prediction,
    find_predicted_rows,
    forecast_rows,
    predict_split,
)
from pgat_jax.forecasting.residuals import (
    add_residual_spread,
    describe_spread,
    ensure_distribution,
)
from pgat_jax.forecasting.scores import score_forecast
from pgat_jax.output import replace_nonfinite, write_output
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.folder import SCORES
from pgat_jax.storage.loaded_run import LoadedRun
from pgat_jax.storage.manifest import read_json

SPLITS = ("validation", "test")


def score_run(run: LoadedRun) -> dict[str, Any]:
    """Scores a run's parameters and writes `scores.json`, whole or not at all.

    Args:
        run: the run to score.

    Returns:
        The content of `scores.json`: `run` (its name), `criterion`, `params_sha256`, `data` (as
        `describe_data` returns it) and `splits` (as `score_splits` returns it). Numbers that are
        not finite are None.

    Raises:
        UserError: the run's table cannot be read or has changed, or the file cannot be written.
    """
    scores = _describe_scores(run, run.data, score_splits(run))
    text = json.dumps(scores, allow_nan=False, indent=1)
    write_output(run.path / SCORES, text.encode())
    return scores


def score_new_rows(run: LoadedRun, rows: Data) -> dict[str, Any]:
    """Scores a run on the days of other rows that it saw neither in training nor in validation.

    The run's folder is not changed. The baseline of the historical mean knows the rows before those
    days.

    Args:
        run: the run to score.
        rows: the table, with the run's scaler, as `load_new_rows` returns it.

    Returns:
        The same keys as `score_run`, with the split `test` alone.

    Raises:
        UserError: there are too few new days, or the run's table cannot be read or has changed.
    """
    rows = split_after(rows, find_last_seen(run))
    windows = rows.windows("test")
    text = f"Forecasting {len(windows)} windows of new days"
    forecast = forecast_rows(run.model, run.params, rows, windows, text)
    days = find_predicted_rows(rows, "test")
    prediction = Prediction(ensure_distribution(run, forecast), scale_all_targets(rows)[days])
    test = score_split(rows, "test", prediction) | {"spread": describe_spread(run.config)}
    return _describe_scores(run, rows, {"test": test})


def _describe_scores(run: LoadedRun, data: Data, splits: dict[str, Any]) -> dict[str, Any]:
    return replace_nonfinite(
        {
            "run": run.path.name,
            "criterion": run.config.loss.criterion,
            "params_sha256": hash_params(run.params),
            "data": describe_data(data),
            "splits": splits,
        }
    )


def load_or_score(run: LoadedRun) -> dict[str, Any] | None:
    """Reads `scores.json` if it is of these parameters, or else scores the run.

    Args:
        run: the run.

    Returns:
        The content of `scores.json`, as `score_run` returns it; None if the run cannot be scored,
        because its table cannot be read or has changed, or because its folder cannot be written.
    """
    stored = read_json(run.path / SCORES)
    if stored is not None and stored.get("params_sha256") == hash_params(run.params):
        return stored
    try:
        return score_run(run)
    except UserError:
        return None


def score_splits(run: LoadedRun) -> dict[str, Any]:
    """Scores the validation and the test split.

    A model with the `mse` head gets the spread of its validation errors on the test windows. On the
    validation windows that spread would make it look better than it is, so there it stays a point
    forecast.

    Args:
        run: the run to score.

    Returns:
        Name of the split -> the result of `score_split`, with `spread`: a sentence about where the
        model's spread comes from, or None if it has none.
    """
    validation, test = (predict_split(run, split) for split in SPLITS)
    spread: dict[str, str | None] = dict.fromkeys(SPLITS, describe_spread(run.config))
    if test.forecast.distribution is None:
        test = test._replace(forecast=add_residual_spread(test.forecast, validation))
        spread["validation"] = None
    return {
        split: score_split(run.data, split, prediction) | {"spread": spread[split]}
        for split, prediction in zip(SPLITS, (validation, test))
    }


def score_split(data: Data, split: str, prediction: Prediction) -> dict[str, Any]:
    """Scores the model and the baselines on one split, and compares them.

    Args:
        data: the table that the prediction is for, with the run's scaler.
        split: `validation` or `test`.
        prediction: the model's forecasts of the split.

    Returns:
        `windows` (their number), `first_day` and `last_day` of the targets, `forecasters` (key in
        `FORECASTERS` -> the result of `score_forecast`), and what `compare_forecasters` returns.
    """
    truth, days = prediction.truth, find_predicted_rows(data, split)
    baselines = make_baselines(data, split, data.config.pred_len)
    forecasters = {"model": prediction.forecast, **baselines}
    mean, std = data.scaler.target_mean, data.scaler.target_std
    dates = data.table.dates
    return {
        "windows": len(truth),
        "first_day": str(dates[days.min()]),
        "last_day": str(dates[days.max()]),
        "forecasters": {
            name: score_forecast(forecast, truth, mean, std)
            for name, forecast in forecasters.items()
        },
    } | compare_forecasters(forecasters, truth, days)


def describe_data(data: Data) -> dict[str, Any]:
    """Describes a table that a run was trained or scored on, for readers of `scores.json`.

    Args:
        data: the table, with the run's scaler.

    Returns:
        `source`, `hash`, `rows`, `first_date`, `last_date`, `columns` (their number), `dropped` and
        `notes` of the table; `windows` (split -> number); `return_mean` and `return_std` (price ->
        log return).
    """
    table, scaler = data.table, data.scaler
    return {
        "source": table.source,
        "hash": table.hash,
        "rows": len(table),
        "first_date": str(table.dates[0]),
        "last_date": str(table.dates[-1]),
        "columns": len(table.columns.names),
        "dropped": list(table.dropped),
        "notes": list(table.notes),
        "windows": {s: len(data.windows(s)) for s in ("train", *SPLITS)},
        "return_mean": dict(zip(PRICES, scaler.target_mean.tolist())),
        "return_std": dict(zip(PRICES, scaler.target_std.tolist())),
    }
