"""The model as pure functions: ``init``, ``apply``, ``loss``."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp

from pgat_jax.config import Config
from pgat_jax.data.batch import Batch
from pgat_jax.data.calendar import FEATURES
from pgat_jax.data.columns import TARGETS, Columns
from pgat_jax.data.loading import load_columns
from pgat_jax.model.heads import Outputs, criterion_loss
from pgat_jax.model.pgat import PGAT
from pgat_jax.model.precision import cast_batch, cast_floats
from pgat_jax.names import BODIES

Params = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """Pure functions of parameters, batch and key, each compiled once for its shapes.

    Hashable: usable as a static argument. ``module`` is the Linen module itself, uncompiled, for
    whatever acts while the program is traced (``nn.intercept_methods``, ``nn.tabulate``).
    """

    config: Config
    columns: Columns

    @property
    def module(self) -> PGAT:
        """The six phases as one Linen module."""
        return PGAT(self.config, self.columns)

    @partial(jax.jit, static_argnums=0)
    def init(self, key: jax.Array) -> Params:
        """Float32 parameters, a nested dict whose top level names the parts of the six phases.

        The bits come from XLA's own generator, seeded by ``key``: the default one would take
        longer to compile, leaf by leaf, than the model does.
        """
        shapes = batch_shapes(self.config, self.columns, 1)
        blank = jax.tree.map(lambda s: jnp.ones(s.shape, s.dtype), shapes)
        seed = jnp.resize(jax.random.key_data(key), (4,))
        variables = self.module.init(jax.random.wrap_key_data(seed, impl="rbg"), blank)
        return cast(Params, variables["params"])

    @partial(jax.jit, static_argnums=0)
    def apply(self, params: Params, batch: Batch, rng: jax.Array | None = None) -> Outputs:
        """Forecasts of a batch, float32. Without ``rng`` there is no dropout."""
        dtype = jnp.dtype(self.config.train.precision)
        if dtype != jnp.float32:
            params, batch = cast_floats(params, dtype), cast_batch(batch, dtype)
        rngs = None if rng is None else {"dropout": rng}
        return cast(Outputs, self.module.apply({"params": params}, batch, rngs=rngs))

    @partial(jax.jit, static_argnums=0)
    def loss(
        self, params: Params, batch: Batch, rng: jax.Array | None = None
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The criterion's loss and, as metrics, the loss again, spreads and the statistics."""
        outputs = self.apply(params, batch, rng)
        loss = criterion_loss(outputs, batch.target, self.config.loss)
        spreads = {"prediction_spread": outputs.point.std(), "target_spread": batch.target.std()}
        return loss, {"loss": loss} | spreads | outputs.statistics


def build(config: Config, columns: Columns | None = None) -> Model:
    """The model of a configuration, for the columns of its table.

    Raises:
        UserError: ``columns`` is left out and the configuration's table cannot be read.
    """
    if columns is None:
        columns = load_columns(config)
    return Model(config, columns)


def batch_shapes(config: Config, columns: Columns, size: int) -> Batch:
    """Shapes and types of a batch of ``size`` windows, in place of its arrays."""
    d, wide = config.data, len(columns.names)
    ahead = d.label_len + d.pred_len
    shapes = {
        "past": (size, d.seq_len, wide),
        "phase": (size, d.seq_len, len(BODIES), 4),
        "past_calendar": (size, d.seq_len, len(FEATURES)),
        "known": (size, ahead, wide - len(TARGETS)),
        "known_calendar": (size, ahead, len(FEATURES)),
        "target": (size, d.pred_len, len(TARGETS)),
    }
    return Batch(**{k: cast(Any, jax.ShapeDtypeStruct(s, jnp.float32)) for k, s in shapes.items()})
