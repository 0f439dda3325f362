"""The model's forecasts of whole splits, as distributions on the host, kept in the run folder.

All windows go through one compiled shape, so that scores, test forecasts and a single forecast
share one compilation.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jax
import numpy as np
from rich.console import Console
from rich.progress import track

from pgat_jax.data.batch import Batch
from pgat_jax.data.cache import seal, unseal
from pgat_jax.data.columns import TARGETS
from pgat_jax.data.dataset import Data
from pgat_jax.data.scaler import Scaler
from pgat_jax.forecasting.distribution import Forecast, GaussianMixture, QuantileFunction, Sample
from pgat_jax.output import write_output
from pgat_jax.runs.folder import params_sha256

if TYPE_CHECKING:
    from pgat_jax.model.heads import Outputs
    from pgat_jax.output import write_output
from pgat_jax.runs.folder import LoadedRun

CHUNK = 8
RESIDUALS = 200
RESIDUAL_SPREAD = "its errors on the validation windows, around the point forecast"
HEAD_SPREAD = "stated by its head"

Arrays = dict[str, np.ndarray]


class Predicted(NamedTuple):
    """Forecasts of the W windows of a split, and the scaled targets [W, P, T] that they met."""

    forecast: Forecast
    truth: np.ndarray


def predict_split(run: "LoadedRun", split: str) -> Predicted:
    """Forecasts of all windows of a split, computed and kept under ``predictions/``.

    With the ``mse`` head the distribution is None; see ``with_residuals``.
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
    arrays["truth"] = scaled_targets(run.data)[predicted_rows(run, split)]
    _keep(run, split, arrays)
    return _predicted(run, arrays)


def kept_split(run: "LoadedRun", split: str) -> Predicted:
    """As ``predict_split``, read back if the same parameters' forecasts were kept."""
    arrays = _kept(run, split)
    return predict_split(run, split) if arrays is None else _predicted(run, arrays)


def predict_window(run: "LoadedRun", batch: Batch) -> Forecast:
    """The forecast of one window (B = 1)."""
    arrays = {name: value[:1] for name, value in _apply_padded(run, batch).items()}
    return to_forecast(arrays, run.config.loss.quantiles)


def to_forecast(arrays: Arrays, levels: tuple[float, ...]) -> Forecast:
    """A head's output on the host, in float64: ``point``, and what the head adds to it."""
    wide = {name: value.astype(np.float64) for name, value in arrays.items()}
    if "means" in wide:
        weights = np.exp(wide["log_weights"])
        weights /= weights.sum(-1, keepdims=True)
        return Forecast(wide["point"], GaussianMixture(weights, wide["means"], wide["scales"]))
    if "quantiles" in wide:
        values = np.maximum.accumulate(wide["quantiles"], -1)
        return Forecast(wide["point"], QuantileFunction(np.asarray(levels), values))
    return Forecast(wide["point"], None)


def with_residuals(forecast: Forecast, validation: Predicted) -> Forecast:
    """Give a point forecast the centred errors of the validation windows as distribution.

    Errors are pooled over windows and days ahead, since each target is a one-day return; many are
    thinned to 200 quantiles.
    """
    errors = validation.truth - validation.forecast.point
    errors = np.sort(errors.reshape(-1, errors.shape[-1]), axis=0)
    if len(errors) > RESIDUALS:
        errors = np.quantile(errors, (np.arange(RESIDUALS) + 0.5) / RESIDUALS, axis=0)
    errors = (errors - errors.mean(0)).T
    return forecast._replace(distribution=Sample(forecast.point[..., None] + errors))


def predicted_rows(run: "LoadedRun", split: str) -> np.ndarray:
    """Rows [W, P] of the table that the windows of a split predict."""
    return run.data.windows(split)[:, None] + 1 + np.arange(run.config.data.pred_len)


def scaled_targets(data: Data) -> np.ndarray:
    """All rows' targets [days, T], scaled, float64."""
    mean, std = target_scale(data.scaler)
    return (data.table.values[:, : len(TARGETS)] - mean) / std


def target_scale(scaler: Scaler) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation [T] that turn scaled targets into log returns."""
    return scaler.mean[: len(TARGETS)], scaler.std[: len(TARGETS)]


def _predicted(run: "LoadedRun", arrays: Arrays) -> Predicted:
    return Predicted(to_forecast(arrays, run.config.loss.quantiles), arrays["truth"])


def _predict_chunk(run: "LoadedRun", split: str, chunk: np.ndarray) -> Arrays:
    batch = run.data.batch(split, np.resize(chunk, CHUNK))
    return {name: value[: len(chunk)] for name, value in _apply_padded(run, batch).items()}


def _apply_padded(run: "LoadedRun", batch: Batch) -> Arrays:
    size = batch.past.shape[0]
    padded = jax.tree.map(lambda x: x[np.arange(CHUNK) % size], batch)
    return jax.device_get(_arrays(run.model.apply(run.params, padded)))


def _arrays(outputs: "Outputs") -> dict[str, jax.Array]:
    found = {"point": outputs.point}
    if outputs.quantiles is not None:
        found["quantiles"] = outputs.quantiles
    if outputs.mixture is not None:
        found |= outputs.mixture._asdict()
    return found


def _keep(run: "LoadedRun", split: str, arrays: Arrays) -> None:
    write_output(_kept_path(run, split), seal(f"{split} {_key(run)}", arrays))


def _kept(run: "LoadedRun", split: str) -> Arrays | None:
    """None where there is no sound file for these parameters; it is then made anew."""
    try:
        content = _kept_path(run, split).read_bytes()
    except OSError:
        return None
    return unseal(f"{split} {_key(run)}", content)


def _kept_path(run: "LoadedRun", split: str) -> Path:
    return run.path / "predictions" / f"{split}.npz"


def _key(run: "LoadedRun") -> str:
    return f"{params_sha256(run.params)} {run.manifest['data_hash']}"
