"""What is checked: a configuration's model and windows, with faults imposed on them."""

import inspect
from collections.abc import Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from pgat_jax.causes.intervention import Intervention
from pgat_jax.config import Config, TrainConfig
from pgat_jax.data.batch import Batch
from pgat_jax.data.loading import Data, load_data
from pgat_jax.data.windows import DeviceTable, gather
from pgat_jax.model.build import Model, Params, build
from pgat_jax.model.heads import Outputs, criterion_loss
from pgat_jax.training.optimizer import build_optimizer, on_leaves

_gather = jax.jit(gather, static_argnames=("seq_len", "label_len", "pred_len"))


@dataclass(frozen=True)
class Subject:
    """A model with its windows; without faults, the model of the configuration itself.

    Attributes:
        config: with the changes of the faults.
        data: the table, which no fault changes.
        device_table: the scaled table, as the faults leave it.
        model: for the columns as the faults have them; of the recipe it has only what is traced.
        faults: those imposed.
    """

    config: Config
    data: Data
    device_table: DeviceTable
    model: Model
    faults: tuple[Intervention, ...]

    @property
    def traced_as(self) -> tuple[Hashable, ...]:
        """Equal for subjects whose losses are the same program of parameters and batch."""
        return self.model, tuple(f.intercept for f in self.faults if f.intercept is not None)

    def init(self, key: jax.Array) -> Params:
        """Initial parameters. No interceptor is on: a module that it skips would have none."""
        params = self.model.init(key)
        for fault in self.faults:
            params = fault.params(params)
        return params

    def optimizer(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """The recipe's optimiser of the leaves, as the faults leave it."""
        optimizer = on_leaves(build_optimizer(self.config.train, steps_per_epoch)[0])
        for fault in self.faults:
            optimizer = fault.optimizer(optimizer)
        return optimizer

    def loss(self, params: Params, batch: Batch) -> tuple[jax.Array, dict[str, jax.Array]]:
        """The criterion's loss and the gate's statistics, as `Model.loss` without dropout."""
        outputs = self.outputs(params, batch)
        return criterion_loss(outputs, batch.target, self.config.loss), outputs.statistics

    def outputs(self, params: Params, batch: Batch) -> Outputs:
        """What the model makes of a batch, without dropout, with all interceptors on.

        Interceptors act while a function is traced, and a jitted one is traced once for all: so
        the model's function is taken out of its jit.
        """
        with ExitStack() as interception:
            for fault in self.faults:
                if fault.intercept is not None:
                    interception.enter_context(nn.intercept_methods(fault.intercept))
            return inspect.unwrap(Model.apply)(self.model, params, batch)

    def batch(self, windows: Sequence[int], split: str = "train") -> Batch:
        """Windows of a split by their indices, 0 the earliest."""
        rows = self.data.windows(split)[np.asarray(windows)]
        return _gather(self.device_table, rows, **self._sizes)

    def shapes(self, size: int) -> Batch:
        """Shapes and types of a batch, in place of its arrays."""
        rows = jax.ShapeDtypeStruct((size,), jnp.int32)
        return jax.eval_shape(partial(gather, **self._sizes), self.device_table, rows)

    @property
    def _sizes(self) -> dict[str, int]:
        return self.config.data.model_dump(include={"seq_len", "label_len", "pred_len"})


def impose(config: Config, faults: Sequence[Intervention] = ()) -> Subject:
    """The model and windows of a configuration, with faults imposed from outside.

    Raises:
        UserError: as `load_data`.
    """
    for fault in faults:
        config = fault.config(config)
    data = load_data(config)
    columns, device = data.columns, data.device_table
    for fault in faults:
        columns, device = fault.columns(columns), fault.device_table(device, data)
    return Subject(config, data, device, build(_traced(config), columns), tuple(faults))


def _traced(config: Config) -> Config:
    """What a trace of the model depends on: others share its compiled programs."""
    train = TrainConfig(precision=config.train.precision, remat=config.train.remat)
    return config.model_copy(update={"name": "traced", "seed": 0, "train": train})
