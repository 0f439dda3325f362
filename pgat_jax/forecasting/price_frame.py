"""Forecasts in prices as tables with dates: the content of the CSV files.

One row for each day ahead, with the columns

- `origin`: the last day the model saw; `last_close`: its closing price;
- `day`: 1 .. P, days ahead; `date`: the trading day that is forecast;
- for each of Open, High, Low, Close: `Close` the true price (empty while it is unknown),
  `Close_forecast` the compounded returns of the point forecast, `Close_q0.05` the 5% quantile, ...
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pgat_jax.data.columns import PRICES
from pgat_jax.data.dataset import Data
from pgat_jax.forecasting.baselines import scale_all_targets
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.origin import ForecastOrigin
from pgat_jax.forecasting.paths import rank_days, sample_returns, to_prices
from pgat_jax.output import write_output

# Levels of forecasts.csv and next_days.json, and so of the pictures of a run.
BAND_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def make_price_frame(
    data: Data,
    forecast: Forecast,
    window: int,
    origin: ForecastOrigin,
    levels: Collection[float],
    paths: int,
) -> pd.DataFrame:
    """Converts one window's forecast to prices.

    Paths are drawn with the origin's row as seed, and with the joint ranks of the days up to it.

    Args:
        data: the table, with the run's scaler.
        forecast: the forecasts of W windows, with a distribution.
        window: the number of the window among the W.
        origin: where the window's forecast starts.
        levels: levels of the quantiles.
        paths: the number of sampled paths.

    Returns:
        One row for each day ahead. `origin`: the last day that the model saw; `last_close`: its
        closing price; `day`: 1 to P; `date`: the day that is forecast. Then for each of Open, High,
        Low and Close, e.g. `Close`: the true price, NaN while it is unknown; `Close_forecast`: the
        compounded point forecast; `Close_q0.05`: the 5% quantile, and so for each level.

    Raises:
        AssertionError: the forecast has no distribution.
    """
    assert forecast.distribution is not None
    ranks = rank_days(scale_all_targets(data)[: origin.row + 1])
    shape = (paths, *forecast.point.shape[1:])
    scaled = sample_returns(forecast.distribution.at(window), ranks, shape, origin.row)
    unscale, ordered = data.scaler.unscale_targets, sorted(levels)
    point = to_prices(unscale(forecast.point[window]), origin.close)
    quantiles = np.quantile(to_prices(unscale(scaled), origin.close), ordered, axis=0)
    head = {
        "origin": str(origin.date),
        "last_close": origin.close,
        "day": np.arange(1, len(origin.days) + 1),
        "date": origin.days.astype(str),
    }
    return pd.DataFrame(head | _price_columns(origin.truth, point, ordered, quantiles))


def _price_columns(
    truth: np.ndarray, point: np.ndarray, levels: Sequence[float], quantiles: np.ndarray
) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for t, target in enumerate(PRICES):
        columns |= {target: truth[:, t], f"{target}_forecast": point[:, t]}
        columns |= {f"{target}_q{a}": quantiles[i, :, t] for i, a in enumerate(levels)}
    return columns


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Writes a frame as CSV, whole or not at all; numbers have nine digits, NaN is empty.

    Args:
        frame: the table.
        path: the file.

    Returns:
        `path`.

    Raises:
        UserError: the file cannot be written.
    """
    return write_output(path, encode_csv(frame))


def encode_csv(frame: pd.DataFrame) -> bytes:
    """Returns the content of a CSV file, without the index; prices have nine digits.

    Args:
        frame: the table.
    """
    return frame.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode()
