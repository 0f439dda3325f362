"""Makes the batches of training: the order of an epoch, the rows of a step, and their windows."""

import jax
import numpy as np

from pgat_jax.data.batch import Batch
from pgat_jax.data.dataset import Data
from pgat_jax.data.windows import DeviceTable, draw_epoch_order, gather
from pgat_jax.mesh import replicate, row_sharding
from pgat_jax.training.plan import Plan


def order_rows(plan: Plan, data: Data, epoch: int) -> jax.Array:
    """Returns the rows of an epoch's windows in the order in which the steps take them.

    Args:
        plan: the fixed parts of the run.
        data: the table with its splits.
        epoch: index of the epoch, from 0.

    Returns:
        int32 [steps_per_epoch x B], on every device: the last past day of each window. Each window
        occurs once, except those that fill no whole batch, which the epoch leaves out.
    """
    windows = data.windows("train")
    rows = windows[draw_epoch_order(plan.config.seed, epoch, len(windows))]
    count = plan.steps_per_epoch * plan.config.train.batch_size
    return replicate(plan.mesh, rows[:count].astype(np.int32))


def batch_rows(plan: Plan, order: jax.Array, step: jax.Array) -> jax.Array:
    """Returns the rows of the batch of a step, int32 [B]; call it inside a traced function.

    Args:
        plan: the fixed parts of the run.
        order: rows of the epoch that contains the step, as `order_rows` returns them.
        step: int32 []: steps taken before this one, in all epochs.
    """
    size = plan.config.train.batch_size
    start = step % plan.steps_per_epoch * size
    return jax.lax.dynamic_slice(order, (start,), (size,))


def gather_windows(plan: Plan, table: DeviceTable, rows: jax.Array) -> Batch:
    """Gathers the windows of a batch; call it inside a traced function.

    Every device gathers its own share of the windows.

    Args:
        plan: the fixed parts of the run.
        table: the scaled table, on every device.
        rows: int32 [B]: last past day of each window.
    """
    rows = jax.lax.with_sharding_constraint(rows, row_sharding(plan.mesh))
    return gather(table, rows, plan.config.data.window_sizes)
