"""The interface of the model: `build`, and `Model` with `init`, `apply` and `loss`."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp

from pgat_jax.config import Config
from pgat_jax.data.batch import Batch, batch_shapes
from pgat_jax.data.columns import Columns
from pgat_jax.data.loading import load_columns
from pgat_jax.model.heads import Outputs, criterion_loss
from pgat_jax.model.pgat import PGAT
from pgat_jax.model.precision import cast_batch, cast_floats

# A nested dict of arrays; its top level has the names of the parts of `PGAT`.
Params = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """Pure functions of parameters, batch and key, each compiled once for its shapes.

    A model is hashable and may be a static argument of a jitted function.

    Attributes:
        config: the configuration.
        columns: the layout of the input columns.
    """

    config: Config
    columns: Columns

    @property
    def module(self) -> PGAT:
        """The Flax Linen module, unbound: its parameters are arguments of `init` and `apply`."""
        return PGAT(self.config, self.columns)

    @partial(jax.jit, static_argnums=0)
    def init(self, key: jax.Array) -> Params:
        """Draws the initial parameters, float32.

        The bits come from XLA's own generator, seeded by `key`: with JAX's default generator the
        initialisation would take longer to compile than the model.

        Args:
            key: a key of `jax.random.key`.

        Returns:
            The parameters.
        """
        shapes = batch_shapes(self.config, self.columns, 1)
        blank = jax.tree.map(lambda s: jnp.ones(s.shape, s.dtype), shapes)
        seed = jnp.resize(jax.random.key_data(key), (4,))
        variables = self.module.init(jax.random.wrap_key_data(seed, impl="rbg"), blank)
        return cast(Params, variables["params"])

    @partial(jax.jit, static_argnums=0)
    def apply(self, params: Params, batch: Batch, rng: jax.Array | None = None) -> Outputs:
        """Computes the forecasts of a batch; it is the compiled form of `apply_model`.

        Args:
            params: the parameters.
            batch: B windows.
            rng: the key of the dropout masks. Without it nothing is dropped.

        Returns:
            Forecasts in scaled units and statistics, float32.
        """
        return apply_model(self, params, batch, rng)

    @partial(jax.jit, static_argnums=0)
    def loss(
        self, params: Params, batch: Batch, rng: jax.Array | None = None
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        """Computes the loss of `loss.criterion` of a batch, compiled.

        Args:
            params: the parameters.
            batch: B windows.
            rng: the key of the dropout masks. Without it nothing is dropped.

        Returns:
            The loss [], and scalar metrics: `loss`, the standard deviations `prediction_spread` and
            `target_spread`, and the statistics of the fusion.
        """
        outputs = self.apply(params, batch, rng)
        loss = criterion_loss(outputs, batch.target, self.config.loss)
        spreads = {"prediction_spread": outputs.point.std(), "target_spread": batch.target.std()}
        return loss, {"loss": loss} | spreads | outputs.statistics


def build(config: Config, columns: Columns | None = None) -> Model:
    """Builds the model of a configuration.

    Args:
        config: the configuration.
        columns: the layout of the input columns; by default that of the configuration's table.

    Returns:
        The model. Nothing is computed yet.

    Raises:
        UserError: `columns` is left out and the configuration's table cannot be read.
    """
    if columns is None:
        columns = load_columns(config)
    return Model(config, columns)


def apply_model(
    model: Model, params: Params, batch: Batch, rng: jax.Array | None = None
) -> Outputs:
    """Computes the forecasts of a batch without compiling anything.

    Each call runs the model's Python code, so interceptors of `flax.linen.intercept_methods` act on
    every call; `Model.apply` is this function, compiled.

    Args:
        model: the model.
        params: its parameters, float32.
        batch: B windows.
        rng: the key of the dropout masks. Without it nothing is dropped.

    Returns:
        Forecasts and statistics, float32.
    """
    dtype = jnp.dtype(model.config.train.precision)
    if dtype != jnp.float32:
        params, batch = cast_floats(params, dtype), cast_batch(batch, dtype)
    rngs = None if rng is None else {"dropout": rng}
    return cast(Outputs, model.module.apply({"params": params}, batch, rngs=rngs))
