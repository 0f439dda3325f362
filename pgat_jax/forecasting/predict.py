"""Computes the model's forecasts, as distributions on the host, in scaled units.

All windows go through one compiled shape, so that scores, test forecasts and a single forecast
share one compilation. With `data.volatility` the days before the windows are forecast too, and
their ranks recalibrate the forecasts.
"""

from collections.abc import Iterable
from typing import NamedTuple

import jax
import numpy as np
from rich.progress import track

from pgat_jax.data.dataset import Data
from pgat_jax.forecasting.baselines import scale_all_targets
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.prediction_store import Arrays, load_arrays, save_arrays
from pgat_jax.forecasting.quantile_function import QuantileFunction
from pgat_jax.forecasting.recalibration import POOL_DAYS, rank_truth, recalibrate
from pgat_jax.model.build import Model, Params
from pgat_jax.model.heads import Outputs
from pgat_jax.progress import open_progress
from pgat_jax.storage.loaded_run import LoadedRun

# Windows of one call of the compiled model; fewer are padded to this number.
CHUNK = 8
# With fewer known days before it a forecast is not recalibrated: their ranks would be too few.
LEAST_POOL = 250
_BEFORE = f"Forecasting the last {POOL_DAYS:,} known days, which recalibrate the forecast"
# Where a model's distribution comes from, if its head states one.
HEAD_SPREAD = "stated by its head"


class Prediction(NamedTuple):
    """The forecasts of a split.

    Attributes:
        forecast: the forecasts of the W windows, in scaled units.
        truth: the scaled targets [W, P, T] of the windows.
    """

    forecast: Forecast
    truth: np.ndarray


def predict_split(run: LoadedRun, split: str) -> Prediction:
    """Computes the forecasts of all windows of a split, and saves them in the run folder.

    Args:
        run: the run whose model forecasts.
        split: `validation` or `test`.

    Returns:
        The forecasts; their distribution is None for the `mse` head without `data.volatility`, see
        `add_residual_spread`.

    Raises:
        UserError: the run's table cannot be read or has changed, or the folder cannot be written.
    """
    windows = run.data.windows(split)
    rows = _add_pool(run.data, windows)
    arrays = _apply_to_rows(
        run.model, run.params, run.data, rows, f"Forecasting {len(windows)} {split} windows"
    )
    save_arrays(run, split, arrays)
    return _to_prediction(run, split, arrays)


def load_or_predict_split(run: LoadedRun, split: str) -> Prediction:
    """Reads the forecasts that these parameters made for a split, or computes them.

    Args:
        run: the run whose model forecasts.
        split: `validation` or `test`.

    Raises:
        UserError: as `predict_split`.
    """
    arrays = load_arrays(run, split)
    return predict_split(run, split) if arrays is None else _to_prediction(run, split, arrays)


def predict_window(run: LoadedRun, data: Data, row: int) -> Forecast:
    """Computes the forecast of one window (W = 1).

    Args:
        run: the run whose model forecasts.
        data: the table to forecast from, with the run's columns and scaling.
        row: the last past day of the window.

    Raises:
        UserError: there are fewer than `seq_len` rows up to this one, or the celestial columns of
            the days to predict are unknown.
    """
    return forecast_rows(run.model, run.params, data.extend_to(row), np.array([row]), _BEFORE)


def forecast_rows(
    model: Model, params: Params, data: Data, windows: np.ndarray, text: str
) -> Forecast:
    """Computes the forecasts of consecutive windows.

    Args:
        model: the model.
        params: its parameters.
        data: the table, with the P days after the last window (see `Data.extend_to`).
        windows: [W] consecutive rows, at least one: the last past day of each window.
        text: the line that is shown on standard error while there is more to compute than one call
            of the model.

    Returns:
        The forecasts in scaled units.
    """
    rows = _add_pool(data, windows)
    arrays = _apply_to_rows(model, params, data, rows, text)
    levels = model.config.loss.quantiles
    return _recalibrate(data, to_forecast(arrays, levels), rows, len(windows))


def to_forecast(arrays: Arrays, levels: tuple[float, ...]) -> Forecast:
    """Converts a head's output to a forecast in float64.

    Its distribution is a `GaussianMixture`, a `QuantileFunction` (of quantiles that are made
    non-decreasing), or None if the head states only points.

    Args:
        arrays: `point` [W, P, T]; and `quantiles` [W, P, T, Q], or `log_weights`, `means` and
            `scales` [W, P, T, K], if the head has them.
        levels: the levels [Q] of the quantiles.
    """
    wide = {name: value.astype(np.float64) for name, value in arrays.items()}
    if "means" in wide:
        weights = np.exp(wide["log_weights"])
        weights /= weights.sum(-1, keepdims=True)
        return Forecast(wide["point"], GaussianMixture(weights, wide["means"], wide["scales"]))
    if "quantiles" in wide:
        values = np.maximum.accumulate(wide["quantiles"], -1)
        return Forecast(wide["point"], QuantileFunction(np.asarray(levels), values))
    return Forecast(wide["point"], None)


def find_predicted_rows(data: Data, split: str) -> np.ndarray:
    """Returns the rows [W, P] of a table that the windows of a split predict.

    Args:
        data: the table with its splits.
        split: `validation` or `test`.
    """
    return data.windows(split)[:, None] + 1 + np.arange(data.config.pred_len)


def _to_prediction(run: LoadedRun, split: str, arrays: Arrays) -> Prediction:
    windows = run.data.windows(split)
    forecast = to_forecast(arrays, run.config.loss.quantiles)
    forecast = _recalibrate(run.data, forecast, _add_pool(run.data, windows), len(windows))
    return Prediction(forecast, scale_all_targets(run.data)[find_predicted_rows(run.data, split)])


def _add_pool(data: Data, windows: np.ndarray) -> np.ndarray:
    """Returns the rows of the windows, after those whose ranks recalibrate them if any do."""
    if data.scaler.har is None:
        return windows
    config = data.config
    first = max(config.seq_len - 1, windows[0] - POOL_DAYS - config.pred_len)
    return np.arange(first, windows[-1] + 1)


def _recalibrate(data: Data, forecast: Forecast, rows: np.ndarray, windows: int) -> Forecast:
    """Returns the forecasts of the last windows in scaled units, recalibrated by those before."""
    if data.scaler.har is None:
        return forecast
    horizon = data.config.pred_len
    shift, scale = data.compute_target_units(rows)
    truth = scale_all_targets(data)[rows[:, None] + 1 + np.arange(horizon)]
    last = forecast.at(slice(len(rows) - windows, None))
    if len(rows) - windows - horizon >= LEAST_POOL:
        last = recalibrate(last, rank_truth(forecast, (truth - shift) / scale))
    return last.transform(shift[-windows:], scale[-windows:])


def _apply_to_rows(model: Model, params: Params, data: Data, rows: np.ndarray, text: str) -> Arrays:
    """Applies the model to the window of each row."""
    chunks = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
    parts = [_apply_padded(model, params, data, chunk) for chunk in _show_progress(chunks, text)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _show_progress(chunks: list[np.ndarray], text: str) -> Iterable[np.ndarray]:
    console = open_progress()
    if not console.is_terminal and len(chunks) > 1:
        console.print(text)
    hidden = len(chunks) < 2 or not console.is_terminal
    return track(chunks, text, console=console, disable=hidden)


def _apply_padded(model: Model, params: Params, data: Data, rows: np.ndarray) -> Arrays:
    """Applies the model to at most `CHUNK` windows, which are repeated until there are so many."""
    batch = data.gather(np.resize(rows, CHUNK))
    arrays = jax.device_get(_list_arrays(model.apply(params, batch)))
    return {name: value[: len(rows)] for name, value in arrays.items()}


def _list_arrays(outputs: Outputs) -> dict[str, jax.Array]:
    """Returns name -> array for what the head computed."""
    arrays = {"point": outputs.point}
    if outputs.quantiles is not None:
        arrays["quantiles"] = outputs.quantiles
    if outputs.mixture is not None:
        arrays |= outputs.mixture._asdict()
    return arrays
