"""Computes the model's forecasts, as distributions on the host.

All windows go through one compiled shape, so that scores, test forecasts and a single forecast
share one compilation.
"""

from typing import NamedTuple

import jax
import numpy as np
from rich.console import Console
from rich.progress import track

from pgat_jax.data.batch import Batch
from pgat_jax.forecasting.baselines import scale_all_targets
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.prediction_store import Arrays, load_arrays, save_arrays
from pgat_jax.forecasting.quantile_function import QuantileFunction
from pgat_jax.model.heads import Outputs
from pgat_jax.runs.loaded_run import LoadedRun

# Windows of one call of the compiled model; fewer are padded to this number.
CHUNK = 8
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
        The forecasts; their distribution is None for the `mse` head, see `add_residual_spread`.
    """
    count = len(run.data.windows(split))
    chunks = [np.arange(i, min(i + CHUNK, count)) for i in range(0, count, CHUNK)]
    console = Console(stderr=True)
    text = f"Forecasting {count} {split} windows"
    if not console.is_terminal:
        console.print(text)
    parts = [
        _predict_chunk(run, split, chunk)
        for chunk in track(chunks, text, console=console, disable=not console.is_terminal)
    ]
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    arrays["truth"] = scale_all_targets(run.data)[find_predicted_rows(run, split)]
    save_arrays(run, split, arrays)
    return _to_prediction(run, arrays)


def load_or_predict_split(run: LoadedRun, split: str) -> Prediction:
    """Reads the forecasts that these parameters made for a split, or computes them.

    Args:
        run: the run whose model forecasts.
        split: `validation` or `test`.
    """
    arrays = load_arrays(run, split)
    return predict_split(run, split) if arrays is None else _to_prediction(run, arrays)


def predict_window(run: LoadedRun, batch: Batch) -> Forecast:
    """Computes the forecast of one window (W = 1).

    Args:
        run: the run whose model forecasts.
        batch: the window, B = 1.
    """
    arrays = {name: value[:1] for name, value in _apply_padded(run, batch).items()}
    return to_forecast(arrays, run.config.loss.quantiles)


def to_forecast(arrays: Arrays, levels: tuple[float, ...]) -> Forecast:
    """Converts a head's output to a forecast in float64.

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


def find_predicted_rows(run: LoadedRun, split: str) -> np.ndarray:
    """Returns the rows [W, P] of the table that the windows of a split predict.

    Args:
        run: the run, for its table.
        split: `validation` or `test`.
    """
    return run.data.windows(split)[:, None] + 1 + np.arange(run.config.data.pred_len)


def _to_prediction(run: LoadedRun, arrays: Arrays) -> Prediction:
    return Prediction(to_forecast(arrays, run.config.loss.quantiles), arrays["truth"])


def _predict_chunk(run: LoadedRun, split: str, chunk: np.ndarray) -> Arrays:
    batch = run.data.batch(split, np.resize(chunk, CHUNK))
    return {name: value[: len(chunk)] for name, value in _apply_padded(run, batch).items()}


def _apply_padded(run: LoadedRun, batch: Batch) -> Arrays:
    """Applies the model to a batch whose windows are repeated until there are `CHUNK`."""
    size = batch.past.shape[0]
    padded = jax.tree.map(lambda x: x[np.arange(CHUNK) % size], batch)
    return jax.device_get(_list_arrays(run.model.apply(run.params, padded)))


def _list_arrays(outputs: Outputs) -> dict[str, jax.Array]:
    """Returns name -> array for what the head computed."""
    arrays = {"point": outputs.point}
    if outputs.quantiles is not None:
        arrays["quantiles"] = outputs.quantiles
    if outputs.mixture is not None:
        arrays |= outputs.mixture._asdict()
    return arrays
