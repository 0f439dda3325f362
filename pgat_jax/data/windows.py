"""Windows gathered from the table on the device, inside the compiled step."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS


class DeviceTable(NamedTuple):
    """The whole table as float32 on the device."""

    values: jax.Array
    """[days, V] scaled."""
    phase: jax.Array
    """[days, N, 4] unscaled."""
    calendar: jax.Array
    """[days, G]."""


def gather(
    device: DeviceTable, rows: jax.Array, seq_len: int, label_len: int, pred_len: int
) -> Batch:
    """B windows; ``rows`` [B] are the rows of their last past day.

    Pure, for use inside ``jit``. Rows beyond what the table can serve are the caller's mistake:
    ``Data.windows`` gives those that it can.
    """
    past, known, future = (
        rows[:, None] + jnp.arange(first, last + 1, dtype=rows.dtype)[None, :]
        for first, last in ((1 - seq_len, 0), (1 - label_len, pred_len), (1, pred_len))
    )
    targets = len(TARGETS)
    return Batch(
        past=device.values[past],
        phase=device.phase[past],
        past_calendar=device.calendar[past],
        known=device.values[:, targets:][known],
        known_calendar=device.calendar[known],
        target=device.values[:, :targets][future],
    )


def epoch_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """A permutation of ``range(count)``, the same on every machine: Philox keyed by seed, epoch."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return np.argsort(generator.random(count), kind="stable")
