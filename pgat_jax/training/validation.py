"""Computes the validation loss of a run while it trains."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.cluster import any_process
from pgat_jax.data.windows import DeviceTable
from pgat_jax.mesh import replicate, replicated_sharding
from pgat_jax.model.build import Params
from pgat_jax.model.heads import criterion_loss
from pgat_jax.progress import Reporter
from pgat_jax.training.batches import gather_windows
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import table_shapes


class Validation:
    """Computes the mean loss over all validation windows, without dropout.

    It is made of the plan, the rows of the validation windows, the scaled table on the devices and
    a reporter. `loss` computes the mean; its program is compiled at the first call.
    """

    def __init__(self, plan: Plan, rows: np.ndarray, table: DeviceTable, reporter: Reporter):
        """Creates the object; nothing is compiled yet.

        Args:
            plan: the fixed parts of the run.
            rows: int [windows]: last past day of each validation window; at least one.
            table: the scaled table, on every device of the mesh.
            reporter: shows the user that the program is compiled.
        """
        self._plan, self._rows, self._table, self._reporter = plan, rows, table, reporter
        share = plan.mesh.size
        self._size = -(-min(plan.config.train.batch_size, len(rows)) // share) * share
        self._losses = None

    def loss(self, params: Params, is_interrupted: Callable[[], bool]) -> float | None:
        """Computes the validation loss.

        Args:
            params: the parameters, whole on every device.
            is_interrupted: returns whether to stop; called before each batch.

        Returns:
            The mean loss, or None if `is_interrupted()` became true in any process.
        """
        self._losses = self._losses or self._compile(is_interrupted)
        losses = []
        for start in range(0, len(self._rows), self._size):
            if any_process(is_interrupted()) or self._losses is None:
                return None
            rows = self._rows[start : start + self._size]
            padded = np.resize(rows, self._size).astype(np.int32)
            batch = self._losses(params, self._table, replicate(self._plan.mesh, padded))
            losses.extend(np.asarray(batch, np.float64)[: len(rows)])
        return float(np.mean(losses))

    def _compile(self, is_interrupted: Callable[[], bool]) -> Any:
        return self._reporter.wait(
            "compiling the validation",
            lambda: compile_losses(self._plan, self._size, table_shapes(self._table)),
            is_interrupted,
        )


def window_losses(plan: Plan, params: Params, table: DeviceTable, rows: jax.Array) -> jax.Array:
    """Computes the loss of each window, without dropout; call it inside a traced function.

    Args:
        plan: the fixed parts of the run.
        params: the parameters, whole on every device.
        table: the scaled table.
        rows: int32 [B]: last past day of each window.

    Returns:
        float32 [B].
    """
    batch = gather_windows(plan, table, rows)
    outputs = plan.model.apply(params, batch)._replace(statistics={})
    loss = jax.vmap(lambda out, target: criterion_loss(out, target, plan.config.loss))
    return loss(outputs, batch.target)


@cache
def compile_losses(plan: Plan, size: int, table: DeviceTable) -> Any:
    """Compiles `window_losses` for a number of windows of a table of these shapes.

    Args:
        plan: the fixed parts of the run.
        size: the number of windows.
        table: shapes of the table, as `table_shapes` returns them.

    Returns:
        A function (params, table, rows) -> losses.
    """
    whole = replicated_sharding(plan.mesh)
    rows = jax.ShapeDtypeStruct((size,), jnp.int32, sharding=whole)
    losses = jax.jit(partial(window_losses, plan), out_shardings=whole)
    return losses.lower(plan.param_shapes, table, rows).compile()
