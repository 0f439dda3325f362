"""Builds the model and the windows of a configuration, with interventions applied from outside."""

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
from pgat_jax.data.dataset import Data
from pgat_jax.data.loading import load_data
from pgat_jax.data.windows import DeviceTable, gather
from pgat_jax.model.build import Model, Params, apply_model, build
from pgat_jax.model.heads import Outputs, criterion_loss
from pgat_jax.training.optimizer import build_optimizer, on_leaves

_gather = jax.jit(gather, static_argnames="sizes")


@dataclass(frozen=True)
class StudyModel:
    """A model with its windows; without interventions, the model of the configuration itself.

    Attributes:
        config: The configuration, with the changes of the interventions.
        data: The table as it was read. No intervention changes it.
        device_table: The scaled table on the device, with the changes of the interventions.
        model: The model for the columns as the interventions assign them. Its configuration keeps
            only those training keys that change the trace.
        interventions: What was applied, in this order.
    """

    config: Config
    data: Data
    device_table: DeviceTable
    model: Model
    interventions: tuple[Intervention, ...]

    @property
    def program_key(self) -> tuple[Hashable, ...]:
        """A key that is equal for study models whose losses trace to the same program."""
        interceptors = (i.intercept for i in self.interventions)
        return self.model, tuple(i for i in interceptors if i is not None)

    def init(self, key: jax.Array) -> Params:
        """Returns initial parameters.

        No interceptor is active: a module that an interceptor skips would get no parameters.

        Args:
            key: A key of `jax.random.key`.
        """
        params = self.model.init(key)
        for intervention in self.interventions:
            params = intervention.edit_params(params)
        return params

    def optimizer(self, steps_per_epoch: int) -> optax.GradientTransformation:
        """Returns the recipe's optimiser of the leaves, with the changes of the interventions.

        Args:
            steps_per_epoch: Batches in an epoch.
        """
        optimizer = on_leaves(build_optimizer(self.config.train, steps_per_epoch))
        for intervention in self.interventions:
            optimizer = intervention.edit_optimizer(optimizer)
        return optimizer

    def loss(self, params: Params, batch: Batch) -> tuple[jax.Array, dict[str, jax.Array]]:
        """Computes the criterion's loss, [], and the statistics of the gate, without dropout.

        Args:
            params: The parameters.
            batch: B windows.
        """
        outputs = self.outputs(params, batch)
        return criterion_loss(outputs, batch.target, self.config.loss), outputs.statistics

    def outputs(self, params: Params, batch: Batch) -> Outputs:
        """Computes the model's outputs for a batch, without dropout, with all interceptors active.

        Interceptors act while a function is traced. A jitted function is traced once and reused, so
        the model's uncompiled function is called here.

        Args:
            params: The parameters.
            batch: B windows.
        """
        with ExitStack() as interception:
            for intervention in self.interventions:
                if intervention.intercept is not None:
                    interception.enter_context(nn.intercept_methods(intervention.intercept))
            return apply_model(self.model, params, batch)

    def batch(self, windows: Sequence[int], split: str = "train") -> Batch:
        """Returns windows of a split.

        Args:
            windows: Their indices in the split, 0 the earliest.
            split: `train`, `validation` or `test`.
        """
        rows = self.data.windows(split)[np.asarray(windows)]
        return _gather(self.device_table, rows, sizes=self.config.data.window_sizes)

    def shapes(self, size: int) -> Batch:
        """Returns the shapes and types of a batch, in place of its arrays.

        Args:
            size: B, the number of windows.
        """
        rows = jax.ShapeDtypeStruct((size,), jnp.int32)
        sizes = self.config.data.window_sizes
        return jax.eval_shape(partial(gather, sizes=sizes), self.device_table, rows)


def intervene(config: Config, interventions: Sequence[Intervention] = ()) -> StudyModel:
    """Builds the model and windows of a configuration and applies interventions from outside.

    Args:
        config: The configuration.
        interventions: What is applied, in this order.

    Raises:
        UserError: The table cannot be read, as for `load_data`.
    """
    for intervention in interventions:
        config = intervention.edit_config(config)
    data = load_data(config)
    columns, device = data.columns, data.device_table
    for intervention in interventions:
        columns = intervention.edit_columns(columns)
        device = intervention.edit_table(device, data)
    model = build(_keep_traced_keys(config), columns)
    return StudyModel(config, data, device, model, tuple(interventions))


def _keep_traced_keys(config: Config) -> Config:
    """Resets the keys that do not change the trace, so that compiled programs can be shared."""
    train = TrainConfig(precision=config.train.precision, remat=config.train.remat)
    return config.model_copy(update={"name": "traced", "seed": 0, "train": train})
