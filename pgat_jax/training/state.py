"""Defines the state that a training step changes: its first value, its shapes, and its shardings.

The state contains the parameters as the packed vectors of `packing`, sharded over `fsdp`. The model
needs them as leaves, whole on every device; the functions below convert between the two forms.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from checks.sentinels import no_silence
from pgat_jax.data.windows import DeviceTable
from pgat_jax.mesh import replicated_sharding, state_shardings
from pgat_jax.model.build import Params
from pgat_jax.training.packing import Packed, pack, unpack
from pgat_jax.training.plan import Plan


class TrainState(NamedTuple):
    """The state that a training step changes on the devices.

    The place in the epoch follows from `step`.

    Attributes:
        params: packed vectors of the parameters.
        opt_state: the optimiser's state; it counts the steps that were skipped.
        step: int32 []: batches taken, with the skipped ones.
        silence: int32 [] for each group: steps in a row with a gradient of exactly zero.
    """

    params: Packed
    opt_state: optax.ApplyIfFiniteState
    step: jax.Array
    silence: dict[str, jax.Array]


def init_state(plan: Plan) -> TrainState:
    """Returns the state before the first step; call it inside a traced function.

    Args:
        plan: the fixed parts of the run.
    """
    params = pack(plan.model.init(jax.random.key(plan.config.seed)))
    opt_state: Any = plan.optimizer.init(params)
    return TrainState(params, opt_state, jnp.int32(0), no_silence(plan.groups))


def create_state(plan: Plan) -> TrainState:
    """Computes `init_state` on the devices, with the shardings of `state_shapes`.

    Args:
        plan: the fixed parts of the run.
    """
    return _compile_init(plan)()


@cache
def state_shapes(plan: Plan) -> TrainState:
    """Returns shapes, types and shardings of the state, as `jax.ShapeDtypeStruct`.

    Args:
        plan: the fixed parts of the run.
    """
    shapes = jax.eval_shape(partial(init_state, plan))
    return jax.tree.map(_with_sharding, shapes, state_shardings(plan.mesh, shapes))


def table_shapes(table: DeviceTable) -> DeviceTable:
    """Returns shapes, types and shardings of a table on the devices.

    Args:
        table: the table.
    """
    return jax.tree.map(lambda x: _with_sharding(x, x.sharding), table)


def unpack_params(plan: Plan, vectors: Packed) -> Params:
    """Converts packed vectors to parameters, and copies all of them to every device.

    Args:
        plan: the fixed parts of the run.
        vectors: kind -> group -> packed vector, as `TrainState.params`.

    Returns:
        Nested dict of the parameters' leaves.
    """
    return _compile_unpack(plan)(vectors)


def pack_params(plan: Plan, params: Params) -> Packed:
    """Converts parameters to the packed vectors of a state; the inverse of `unpack_params`.

    Args:
        plan: the fixed parts of the run.
        params: nested dict of the parameters' leaves.

    Returns:
        Kind -> group -> packed vector, sharded over `fsdp`.
    """
    return _compile_pack(plan)(params)


def gather_params(plan: Plan, vectors: Packed) -> Params:
    """Does the same as `unpack_params` inside a compiled step, by one all-gather.

    Args:
        plan: the fixed parts of the run.
        vectors: kind -> group -> packed vector, as `TrainState.params`.

    Returns:
        Nested dict of the parameters' leaves, whole on every device.
    """
    constrain, whole = jax.lax.with_sharding_constraint, replicated_sharding(plan.mesh)
    return constrain(unpack(constrain(vectors, whole), plan.param_shapes), whole)


def shard_gradients(plan: Plan, gradients: Params) -> Packed:
    """Packs gradients and shards the vectors; call it inside a traced function.

    Args:
        plan: the fixed parts of the run.
        gradients: nested dict of the gradients' leaves, whole on every device.

    Returns:
        Kind -> group -> packed vector, sharded over `fsdp`.
    """
    constrain, whole = jax.lax.with_sharding_constraint, replicated_sharding(plan.mesh)
    vectors = constrain(pack(gradients), whole)
    return constrain(vectors, state_shardings(plan.mesh, vectors))


@cache
def _compile_init(plan: Plan) -> Callable[[], TrainState]:
    shardings = state_shardings(plan.mesh, jax.eval_shape(partial(init_state, plan)))
    return jax.jit(partial(init_state, plan), out_shardings=shardings)


@cache
def _compile_unpack(plan: Plan) -> Callable[[Packed], Params]:
    whole = replicated_sharding(plan.mesh)
    return jax.jit(partial(unpack, like=plan.param_shapes), out_shardings=whole)


@cache
def _compile_pack(plan: Plan) -> Callable[[Params], Packed]:
    shapes = jax.eval_shape(pack, plan.param_shapes)
    return jax.jit(pack, out_shardings=state_shardings(plan.mesh, shapes))


def _with_sharding(x: Any, sharding: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding)
