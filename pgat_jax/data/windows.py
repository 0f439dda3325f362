"""Gathers windows from the table on the device, and draws the order of an epoch's windows."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.config import WindowSizes
from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS, VOLATILITY


class ResidualTargets(NamedTuple):
    """What the targets of a window in residual units are computed from.

    The scaled target of the day t + h is `returns[t + h] * scale[t, h - 1] - shift`.

    Attributes:
        returns: [days, T] log returns divided by the standard deviation of the residuals.
        shift: [T] the mean of the residuals, divided by their standard deviation.
        scale: [days, P] one divided by the volatility that is forecast for the day t + h.
        forecast: [days, P] the column of the forecast volatility for the day t + h, scaled.
    """

    returns: jax.Array
    shift: jax.Array
    scale: jax.Array
    forecast: jax.Array


class DeviceTable(NamedTuple):
    """The whole table as float32 arrays on the device.

    Attributes:
        values: [days, V] all columns, scaled.
        phase: [days, N, 4] unscaled.
        calendar: [days, G] calendar features.
        residuals: the targets in residual units; None without `data.volatility`.
    """

    values: jax.Array
    phase: jax.Array
    calendar: jax.Array
    residuals: ResidualTargets | None = None


def gather(table: DeviceTable, rows: jax.Array, sizes: WindowSizes) -> Batch:
    """Gathers windows from the table; it is a pure function, for use inside `jit`.

    Args:
        table: the table.
        rows: [B] int, the row of the last past day of each window. The function does not check
            that the table has all rows of these windows; `Data.windows` returns those that it has.
        sizes: lengths of the parts of a window; static under `jit`.

    Returns:
        The B windows.
    """
    past = _rows_between(rows, 1 - sizes.seq_len, 0)
    known = _rows_between(rows, 1 - sizes.label_len, sizes.pred_len)
    future = _rows_between(rows, 1, sizes.pred_len)
    targets = len(TARGETS)
    batch = Batch(
        past=table.values[past],
        phase=table.phase[past],
        past_calendar=table.calendar[past],
        known=table.values[:, targets:][known],
        known_calendar=table.calendar[known],
        target=table.values[:, :targets][future],
    )
    if table.residuals is None:
        return batch
    return _use_residuals(batch, table.residuals, rows, future)


def _use_residuals(
    batch: Batch, residuals: ResidualTargets, rows: jax.Array, future: jax.Array
) -> Batch:
    """Replaces what depends on the volatility forecast at the last past day of each window.

    The first columns of `known` are those of the volatility. Only the last of them is known in
    advance; it gets the forecasts for the days to predict.
    """
    scale = residuals.scale[rows][..., None]
    target = residuals.returns[future] * scale - residuals.shift[None, None]
    known = batch.known[..., len(VOLATILITY) - 1 :]
    known = known.at[:, -future.shape[1] :, 0].set(residuals.forecast[rows])
    return batch._replace(known=known, target=target)


def draw_epoch_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Returns the order in which an epoch visits the training windows.

    Args:
        seed: the seed of the run.
        epoch: the number of the epoch, from 0.
        count: the number of windows.

    Returns:
        A permutation of `range(count)`, the same on every machine: the ranks of random numbers of
        the Philox generator (Salmon et al., 2011) with seed and epoch as its key.
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return np.argsort(generator.random(count), kind="stable")


def _rows_between(rows: jax.Array, first: int, last: int) -> jax.Array:
    """Returns the rows from `first` to `last` after each row, both inclusive: [B, last-first+1]."""
    return rows[:, None] + jnp.arange(first, last + 1, dtype=rows.dtype)[None, :]
