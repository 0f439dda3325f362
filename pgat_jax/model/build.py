"""The model as pure functions: ``init``, ``apply``, ``loss``."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from pgat_jax.config import Config
from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import BODIES, TARGETS, Columns
from pgat_jax.model.heads import Outputs, criterion_loss
from pgat_jax.model.pgat import PGAT
from pgat_jax.model.precision import cast_batch, cast_floats

Params = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """Pure functions of parameters, batch and key. Hashable: usable as a static argument."""

    config: Config
    columns: Columns

    def init(self, key: jax.Array) -> Params:
        """Float32 parameters, a nested dict whose top level names the parts of the six phases."""
        return _init(self, key)

    def apply(self, params: Params, batch: Batch, rng: jax.Array | None = None) -> Outputs:
        """Forecasts of a batch, float32. Without ``rng`` there is no dropout."""
        dtype = jnp.dtype(self.config.train.precision)
        if dtype != jnp.float32:
            params, batch = cast_floats(params, dtype), cast_batch(batch, dtype)
        rngs = None if rng is None else {"dropout": rng}
        return self._module.apply({"params": params}, batch, rngs=rngs)  # pyright: ignore[reportReturnType]

    def loss(
        self, params: Params, batch: Batch, rng: jax.Array | None = None
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The criterion's loss and, as metrics, the loss again and the gate's statistics."""
        outputs = self.apply(params, batch, rng)
        loss = criterion_loss(outputs, batch.target, self.config.loss)
        return loss, {"loss": loss} | outputs.statistics

    @property
    def _module(self) -> PGAT:
        return PGAT(self.config, self.columns)


def build(config: Config, columns: Columns | None = None) -> Model:
    """The model of a configuration, for the columns of its table.

    Raises:
        UserError: ``columns`` is left out and the configuration's table cannot be read.
    """
    if columns is None:
        from pgat_jax.data.loading import load_columns

        columns = load_columns(config)
    return Model(config, columns)


def batch_shapes(config: Config, columns: Columns, size: int, calendar: int) -> Batch:
    """Shapes and types of a batch of ``size`` windows with ``calendar`` calendar features."""
    d, wide = config.data, len(columns.names)
    ahead = d.label_len + d.pred_len
    shapes = Batch(
        past=(size, d.seq_len, wide),
        phase=(size, d.seq_len, len(BODIES), 4),
        past_calendar=(size, d.seq_len, calendar),
        known=(size, ahead, wide - len(TARGETS)),
        known_calendar=(size, ahead, calendar),
        target=(size, d.pred_len, len(TARGETS)),
    )
    return Batch(*(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes))


def _init(model: Model, key: jax.Array) -> Params:
    from pgat_jax.data.calendar import FEATURES

    shapes = batch_shapes(model.config, model.columns, 1, len(FEATURES))
    blank = jax.tree.map(lambda s: jnp.ones(s.shape, s.dtype), shapes)
    return jax.jit(model._module.init)(key, blank)["params"]
