"""The validation loss of a run while it trains."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from pgat_jax.data.loading import Data
from pgat_jax.model.build import Model
from pgat_jax.progress import Reporter
from pgat_jax.step import compile_losses, table_shapes


class Validation:
    """Mean loss over all validation windows, without dropout; compiled when first asked for."""

    def __init__(self, model: Model, data: Data, reporter: Reporter):
        """Of ``data``'s validation windows."""
        self._model, self._data, self._reporter = model, data, reporter
        self._rows = data.windows("validation")
        self._size = min(model.config.train.batch_size, len(self._rows))
        self._losses = None

    def loss(self, params: Any, interrupted: Callable[[], bool]) -> float | None:
        """The loss of these parameters; None once ``interrupted()`` is true."""
        self._losses = self._losses or self._compile(interrupted)
        losses = []
        for start in range(0, len(self._rows), self._size):
            if interrupted() or self._losses is None:
                return None
            chunk = self._rows[start : start + self._size]
            padded = jnp.asarray(np.resize(chunk, self._size), jnp.int32)
            found = self._losses(params, self._data.device, padded)
            losses.extend(np.asarray(found, np.float64)[: len(chunk)])
        return float(np.mean(losses))

    def _compile(self, interrupted: Callable[[], bool]) -> Any:
        shapes = table_shapes(self._data.device)
        return self._reporter.wait(
            "compiling the validation",
            lambda: compile_losses(self._model, self._size, shapes),
            interrupted,
        )
