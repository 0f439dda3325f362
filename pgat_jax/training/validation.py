"""The validation loss of a run while it trains."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pgat_jax.cluster import agreed
from pgat_jax.data.windows import DeviceTable
from pgat_jax.mesh import make_mesh, spread
from pgat_jax.model.build import Model
from pgat_jax.progress import Reporter
from pgat_jax.training.step import compile_losses, table_shapes


class Validation:
    """Mean loss over all validation windows, without dropout; compiled when first asked for."""

    def __init__(self, model: Model, rows: np.ndarray, table: DeviceTable, reporter: Reporter):
        """Of the windows that end with ``rows`` of a table that lies on the mesh."""
        self._model, self._rows, self._table, self._reporter = model, rows, table, reporter
        self._mesh = make_mesh(model.config)
        share = self._mesh.size
        self._size = -(-min(model.config.train.batch_size, len(rows)) // share) * share
        self._losses = None

    def loss(self, params: Any, interrupted: Callable[[], bool]) -> float | None:
        """The loss of these parameters; None once ``interrupted()`` is true in any process."""
        self._losses = self._losses or self._compile(interrupted)
        losses = []
        for start in range(0, len(self._rows), self._size):
            if agreed(interrupted()) or self._losses is None:
                return None
            chunk = self._rows[start : start + self._size]
            padded = spread(self._mesh, np.resize(chunk, self._size).astype(np.int32))
            found = self._losses(params, self._table, padded)
            losses.extend(np.asarray(found, np.float64)[: len(chunk)])
        return float(np.mean(losses))

    def _compile(self, interrupted: Callable[[], bool]) -> Any:
        shapes = table_shapes(self._table)
        return self._reporter.wait(
            "compiling the validation",
            lambda: compile_losses(self._model, self._size, shapes),
            interrupted,
        )
