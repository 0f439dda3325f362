"""The fixed parts of a training run; compiled programs depend on them and on shapes alone."""

from dataclasses import dataclass
from functools import cached_property

import jax
import optax
from jax.sharding import Mesh

from pgat_jax.config import Config
from pgat_jax.data.dataset import Data
from pgat_jax.errors import UserError
from pgat_jax.mesh import replicated_sharding
from pgat_jax.model.build import Model, Params
from pgat_jax.training.optimizer import Schedule, build_optimizer, learning_rate_schedule
from pgat_jax.training.packing import group_vectors


@dataclass(frozen=True)
class Plan:
    """The fixed parts of a training run; it is hashable, a static argument of compiled functions.

    Attributes:
        model: the model, with its configuration.
        mesh: the devices, made once by the command.
        steps_per_epoch: batches in an epoch.
    """

    model: Model
    mesh: Mesh
    steps_per_epoch: int

    @property
    def config(self) -> Config:
        """The configuration of the model."""
        return self.model.config

    @property
    def optimizer(self) -> optax.GradientTransformation:
        """The optimiser of packed vectors, as `build_optimizer` returns it."""
        return build_optimizer(self.config.train, self.steps_per_epoch)

    @property
    def learning_rate(self) -> Schedule:
        """The function from the number of an update, from 1, to its learning rate."""
        return learning_rate_schedule(self.config.train, self.steps_per_epoch)

    @cached_property
    def param_shapes(self) -> Params:
        """Shapes, types and shardings of the parameters' leaves: whole on every device."""
        whole = replicated_sharding(self.mesh)
        shapes = jax.eval_shape(self.model.init, jax.random.key(0))
        return jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=whole), shapes
        )

    @cached_property
    def groups(self) -> dict[str, str]:
        """Name of each packed vector -> its parameter group."""
        return group_vectors(self.param_shapes)


def count_steps(config: Config, data: Data) -> int:
    """Returns the number of whole batches of training windows in an epoch.

    Args:
        config: the configuration.
        data: the table with its splits.

    Raises:
        UserError: a batch has more windows than there are.
    """
    windows = len(data.windows("train"))
    if windows < config.train.batch_size:
        raise UserError(
            f"train.batch_size: got {config.train.batch_size}, expected at most {windows}, the "
            f"number of training windows in {data.table.source!r}."
        )
    return windows // config.train.batch_size
