"""What runs on the device: one training step, and the losses of validation windows."""

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from checks.sentinels import count_silent, no_silence, sentinels
from pgat_jax.config import Config
from pgat_jax.data.batch import Batch
from pgat_jax.data.windows import DeviceTable, gather
from pgat_jax.mesh import cut, everywhere, make_mesh, over_rows
from pgat_jax.model.build import Model
from pgat_jax.model.heads import criterion_loss
from pgat_jax.training.diagnostics import gradient_trail
from pgat_jax.training.optimizer import (
    Packed,
    build_optimizer,
    groups_of_vectors,
    pack,
    unpack,
    updates_made,
)

Metrics = dict[str, Any]
Step = Callable[["TrainState", DeviceTable, jax.Array], tuple["TrainState", Metrics]]
NORMS = ("gradient_norm", "update_norm", "weight_norm")


class TrainState(NamedTuple):
    """What a step changes on the device; the place in the epoch follows from ``step``."""

    params: Packed
    """Vectors of ``optimizer.pack``; ``to_leaves`` makes the model's parameters of them."""
    optimizer: Any
    """``optax.ApplyIfFiniteState``, which counts the steps it left out."""
    step: jax.Array
    """int32 []: steps (batches) taken, skipped ones among them."""
    silence: dict[str, jax.Array]
    """int32 [] for each group: steps in a row with a gradient of exactly zero."""


@cache
def make_step(model: Model, steps_per_epoch: int) -> tuple[Step, Callable[[], TrainState]]:
    """The training step and the state before the first one; both pure, to be compiled.

    ``step(state, device, order)`` takes the batch of rows ``order[b B : (b + 1) B]``, b being the
    place in the epoch, and returns the next state and scalars: the model's metrics,
    ``trail/STATION`` (norms of ``gradient_trail``), ``learning_rate`` (of the last update),
    ``update`` (updates made), ``updated`` (whether this step made one), ``skipped``,
    ``skipped_in_row``, and NORM/GROUP for each of ``NORMS``; and ``silence``, which maps groups to
    steps. Dropout is a function of the seed and the step alone.
    """
    config, mesh = model.config, make_mesh(model.config)
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    optimizer, rate = build_optimizer(config.train, steps_per_epoch)
    groups = groups_of_vectors(shapes)
    put, whole = jax.lax.with_sharding_constraint, everywhere(mesh)

    def start() -> TrainState:
        params = pack(model.init(jax.random.key(config.seed)))
        return TrainState(params, optimizer.init(params), jnp.int32(0), no_silence(groups))

    def step(
        state: TrainState, device: DeviceTable, order: jax.Array
    ) -> tuple[TrainState, Metrics]:
        batch = _batch(config, device, order, state.step % steps_per_epoch)
        key = jax.random.fold_in(jax.random.key(config.seed), state.step)
        leaves = put(unpack(put(state.params, whole), shapes), whole)
        gradients, metrics = _gradients(model, leaves, batch, key)
        gradients = put(gradients, whole)
        trail = {f"trail/{k}": norm for k, norm in gradient_trail(gradients).items()}
        gradients = put(pack(gradients), whole)
        gradients = put(gradients, cut(mesh, gradients))
        opt: Any
        params: Any
        updates, opt = optimizer.update(gradients, state.optimizer, state.params)
        params = optax.apply_updates(state.params, updates)
        readings = sentinels(groups, gradients, updates, params)
        silence = count_silent(state.silence, readings)
        before, update = (updates_made(s, config.train) for s in (state.optimizer, opt))
        metrics |= trail | {
            "learning_rate": rate(update),
            "update": update,
            "updated": update > before,
            "skipped": opt.total_notfinite,
            "skipped_in_row": opt.notfinite_count,
            "silence": silence,
        }
        return TrainState(params, opt, state.step + 1, silence), metrics | _norms(readings)

    return step, jax.jit(start, out_shardings=cut(mesh, jax.eval_shape(start)))


@cache
def state_shapes(model: Model, steps_per_epoch: int) -> TrainState:
    """Shapes, types and places of the state, as ``jax.ShapeDtypeStruct``."""
    shapes = jax.eval_shape(make_step(model, steps_per_epoch)[1])
    return jax.tree.map(_placed, shapes, cut(make_mesh(model.config), shapes))


def leaf_shapes(model: Model) -> Any:
    """Shapes, types and places of the model's parameters, the whole of them on every device."""
    place = everywhere(make_mesh(model.config))
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    return jax.tree.map(lambda x: _placed(x, place), shapes)


@cache
def to_leaves(model: Model) -> Callable[[Packed], Any]:
    """The function from the vectors of a state to the parameters of ``leaf_shapes``; compiled."""
    place = everywhere(make_mesh(model.config))
    return jax.jit(partial(unpack, like=leaf_shapes(model)), out_shardings=place)


@cache
def to_vectors(model: Model) -> Callable[[Any], Packed]:
    """The inverse of ``to_leaves``; compiled."""
    shapes = jax.eval_shape(pack, leaf_shapes(model))
    return jax.jit(pack, out_shardings=cut(make_mesh(model.config), shapes))


def table_shapes(device: DeviceTable) -> DeviceTable:
    """Shapes, types and places of a table on the devices."""
    return jax.tree.map(lambda x: _placed(x, x.sharding), device)


@cache
def compile_step(model: Model, steps_per_epoch: int, device: DeviceTable) -> Any:
    """The step of ``make_step`` for a table of the given shapes; it donates the state.

    Compiled programs are kept, so that a second run in one process starts at once.
    """
    step, _ = make_step(model, steps_per_epoch)
    mesh, state = make_mesh(model.config), state_shapes(model, steps_per_epoch)
    size = steps_per_epoch * model.config.train.batch_size
    order = jax.ShapeDtypeStruct((size,), jnp.int32, sharding=everywhere(mesh))
    places = (cut(mesh, state), everywhere(mesh))
    compiled = jax.jit(step, donate_argnums=0, out_shardings=places)
    return compiled.lower(state, device, order).compile()


@cache
def compile_losses(model: Model, size: int, device: DeviceTable) -> Any:
    """``window_losses`` of ``size`` windows of a table of the given shapes."""
    place = everywhere(make_mesh(model.config))
    rows = jax.ShapeDtypeStruct((size,), jnp.int32, sharding=place)
    compiled = jax.jit(partial(window_losses, model), out_shardings=place)
    return compiled.lower(leaf_shapes(model), device, rows).compile()


def wait_for(array: jax.Array) -> None:
    """Wait for the device in short naps, so that signals are heard meanwhile."""
    began = time.monotonic()
    while not array.is_ready():  # pyright: ignore[reportAttributeAccessIssue]
        time.sleep(min(0.05, 0.0005 + 0.02 * (time.monotonic() - began)))


def window_losses(model: Model, params: Any, device: DeviceTable, rows: jax.Array) -> jax.Array:
    """The criterion's loss of each of the windows whose last past days are ``rows`` [B]."""
    batch = _windows(model.config, device, rows)
    outputs = model.apply(params, batch)._replace(statistics={})
    loss = jax.vmap(lambda out, target: criterion_loss(out, target, model.config.loss))
    return loss(outputs, batch.target)


def _batch(config: Config, device: DeviceTable, order: jax.Array, place: jax.Array) -> Batch:
    size = config.train.batch_size
    return _windows(config, device, jax.lax.dynamic_slice(order, (place * size,), (size,)))


def _windows(config: Config, device: DeviceTable, rows: jax.Array) -> Batch:
    """Every device gathers its own share of the rows [B]."""
    rows = jax.lax.with_sharding_constraint(rows, over_rows(make_mesh(config)))
    sizes = {key: getattr(config.data, key) for key in ("seq_len", "label_len", "pred_len")}
    return gather(device, rows, **sizes)


def _placed(x: Any, place: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=place)


def _gradients(model: Model, params: Any, batch: Any, key: jax.Array) -> tuple[Any, Metrics]:
    """Gradients and metrics; where the loss is NaN or Inf, every gradient is NaN."""
    value = jax.value_and_grad(lambda p: model.loss(p, batch, rng=key), has_aux=True)
    (loss, metrics), gradients = value(params)
    poison = jnp.where(jnp.isfinite(loss), 0.0, jnp.nan)
    return jax.tree.map(lambda g: g + poison.astype(g.dtype), gradients), dict(metrics)


def _norms(readings: dict[str, jax.Array]) -> Metrics:
    pairs = ((key.rpartition("/"), value) for key, value in readings.items())
    return {f"{norm}/{group}": value for (group, _, norm), value in pairs if norm in NORMS}
