"""What runs on the device: one training step, and the losses of validation windows."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from checks.sentinels import count_silent, no_silence, sentinels
from pgat_jax.config import Config
from pgat_jax.data.windows import Device, gather
from pgat_jax.diagnostics import gradient_trail
from pgat_jax.model.build import Model
from pgat_jax.model.heads import criterion_loss
from pgat_jax.optimizer import build_optimizer, groups_of_slices, packed_slices

Metrics = dict[str, Any]
Step = Callable[["TrainState", Device, jax.Array], tuple["TrainState", Metrics]]
NORMS = ("gradient_norm", "update_norm", "weight_norm")


class TrainState(NamedTuple):
    """What a step changes on the device; the place in the epoch follows from ``step``."""

    params: Any
    optimizer: Any
    """``optax.MultiStepsState``."""
    step: jax.Array
    """int32 []: steps (batches) taken, skipped ones among them."""
    skipped: jax.Array
    """int32 []: steps whose loss or gradient was NaN or Inf."""
    skipped_in_row: jax.Array
    """int32 []: the same, since the last good step."""
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
    config = model.config
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    optimizer, rate = build_optimizer(config.train, shapes, steps_per_epoch)
    groups = groups_of_slices(shapes)

    @jax.jit
    def start() -> TrainState:
        params = model.init(jax.random.key(config.seed))
        zero = jnp.int32(0)
        return TrainState(params, optimizer.init(params), zero, zero, zero, no_silence(groups))

    def step(state: TrainState, device: Device, order: jax.Array) -> tuple[TrainState, Metrics]:
        batch = _batch(config, device, order, state.step % steps_per_epoch)
        key = jax.random.fold_in(jax.random.key(config.seed), state.step)
        gradients, metrics = _gradients(model, state.params, batch, key)
        opt: Any
        updates, opt = optimizer.update(gradients, state.optimizer, state.params)
        params = optax.apply_updates(state.params, updates)
        readings = sentinels(groups, *map(packed_slices, (gradients, updates, params)))
        skip = opt.skip_state["should_skip"]
        after = TrainState(
            params,
            opt,
            state.step + 1,
            state.skipped + skip,
            jnp.where(skip, state.skipped_in_row + 1, 0),
            count_silent(state.silence, readings),
        )
        trail = {f"trail/{k}": norm for k, norm in gradient_trail(gradients).items()}
        metrics |= trail | {
            "learning_rate": rate(opt.gradient_step),
            "update": opt.gradient_step,
            "updated": opt.gradient_step > state.optimizer.gradient_step,
            "skipped": after.skipped,
            "skipped_in_row": after.skipped_in_row,
            "silence": after.silence,
        }
        return after, metrics | _norms(readings)

    return step, start


@cache
def state_shapes(model: Model, steps_per_epoch: int) -> TrainState:
    """Shapes and types of the state, as ``jax.ShapeDtypeStruct``."""
    return jax.eval_shape(make_step(model, steps_per_epoch)[1])


def table_shapes(device: Device) -> Device:
    """Shapes and types of a table on the device."""
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), device)


@cache
def compile_step(model: Model, steps_per_epoch: int, device: Device) -> Any:
    """The step of ``make_step`` for a table of the given shapes; it donates the state.

    Compiled programs are kept, so that a second run in one process starts at once.
    """
    step, _ = make_step(model, steps_per_epoch)
    order = jax.ShapeDtypeStruct((steps_per_epoch * model.config.train.batch_size,), jnp.int32)
    shapes = (state_shapes(model, steps_per_epoch), device, order)
    return jax.jit(step, donate_argnums=0).lower(*shapes).compile()


@cache
def compile_losses(model: Model, size: int, device: Device) -> Any:
    """``window_losses`` of ``size`` windows of a table of the given shapes."""
    params = jax.eval_shape(model.init, jax.random.key(0))
    rows = jax.ShapeDtypeStruct((size,), jnp.int32)
    return jax.jit(partial(window_losses, model)).lower(params, device, rows).compile()


def window_losses(model: Model, params: Any, device: Device, rows: jax.Array) -> jax.Array:
    """The criterion's loss of each of the windows whose last past days are ``rows`` [B]."""
    batch = gather(device, rows, **_sizes(model.config))
    outputs = model.apply(params, batch)._replace(statistics={})
    loss = jax.vmap(lambda out, target: criterion_loss(out, target, model.config.loss))
    return loss(outputs, batch.target)


def _batch(config: Config, device: Device, order: jax.Array, place: jax.Array):
    size = config.train.batch_size
    rows = jax.lax.dynamic_slice(order, (place * size,), (size,))
    return gather(device, rows, **_sizes(config))


def _gradients(model: Model, params: Any, batch: Any, key: jax.Array) -> tuple[Any, Metrics]:
    """Gradients and metrics; where the loss is NaN or Inf, every gradient is NaN."""
    value = jax.value_and_grad(lambda p: model.loss(p, batch, rng=key), has_aux=True)
    (loss, metrics), gradients = value(params)
    poison = jnp.where(jnp.isfinite(loss), 0.0, jnp.nan)
    return jax.tree.map(lambda g: g + poison.astype(g.dtype), gradients), dict(metrics)


def _norms(readings: dict[str, jax.Array]) -> Metrics:
    pairs = ((key.rpartition("/"), value) for key, value in readings.items())
    return {f"{norm}/{group}": value for (group, _, norm), value in pairs if norm in NORMS}


def _sizes(config: Config) -> dict[str, int]:
    return {key: getattr(config.data, key) for key in ("seq_len", "label_len", "pred_len")}
