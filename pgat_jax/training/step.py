"""The training step: a pure function, and its compiled form."""

from functools import cache, partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import optax

from checks.sentinels import count_silent, sentinels
from pgat_jax.data.batch import Batch
from pgat_jax.data.windows import DeviceTable
from pgat_jax.mesh import replicated_sharding, state_shardings
from pgat_jax.model.build import Params
from pgat_jax.training.batches import batch_rows, gather_windows
from pgat_jax.training.diagnostics import gradient_trail
from pgat_jax.training.optimizer import count_updates
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import TrainState, gather_params, shard_gradients, state_shapes

# Name -> scalar, or for `silence` group -> scalar.
StepMetrics = dict[str, Any]
# The sentinels that a step returns.
NORMS = ("gradient_norm", "update_norm", "weight_norm")


def train_step(
    plan: Plan, state: TrainState, table: DeviceTable, order: jax.Array
) -> tuple[TrainState, StepMetrics]:
    """Takes one step on one batch: loss, gradients, optimiser.

    The dropout depends on the seed and the step alone.

    Args:
        plan: the fixed parts of the run.
        state: the state before the step.
        table: the scaled table, whole on every device.
        order: int32 [steps_per_epoch x B]: rows of the epoch's windows, see `order_rows`.

    Returns:
        The state after the step and its metrics: those of `compute_gradients`, NORM/GROUP for each
        of `NORMS` (`weight_norm` before the update), and those of `report_progress`.
    """
    batch = gather_windows(plan, table, batch_rows(plan, order, state.step))
    key = jax.random.fold_in(jax.random.key(plan.config.seed), state.step)
    gradients, metrics = compute_gradients(plan, gather_params(plan, state.params), batch, key)
    packed = shard_gradients(plan, gradients)
    updates, opt_state = plan.optimizer.update(packed, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    readings = sentinels(plan.groups, packed, updates, state.params)
    silence = count_silent(state.silence, readings)
    after = TrainState(cast(Any, params), cast(Any, opt_state), state.step + 1, silence)
    return after, metrics | _select_norms(readings) | report_progress(plan, state, after)


def compute_gradients(
    plan: Plan, params: Params, batch: Batch, key: jax.Array
) -> tuple[Params, StepMetrics]:
    """Computes the gradients of the loss, and the metrics of the loss and the gradients.

    Args:
        plan: the fixed parts of the run.
        params: the parameters, whole on every device.
        batch: the windows.
        key: the key of dropout.

    Returns:
        The gradients, whole on every device, and the metrics of `Model.loss` with `trail/STATION`
        for each station of `gradient_trail`. If the loss is NaN or Inf, every element of the
        gradients is NaN, so that the optimiser skips the batch.
    """
    value = jax.value_and_grad(lambda p: plan.model.loss(p, batch, rng=key), has_aux=True)
    (loss, metrics), gradients = value(params)
    poison = jnp.where(jnp.isfinite(loss), 0.0, jnp.nan)
    gradients = jax.tree.map(lambda g: g + poison.astype(g.dtype), gradients)
    gradients = jax.lax.with_sharding_constraint(gradients, replicated_sharding(plan.mesh))
    trail = {f"trail/{station}": norm for station, norm in gradient_trail(gradients).items()}
    return gradients, metrics | trail


def report_progress(plan: Plan, before: TrainState, after: TrainState) -> StepMetrics:
    """Returns the counts of a step.

    Args:
        plan: the fixed parts of the run.
        before: the state before the step.
        after: the state after it.

    Returns:
        `update`: updates made so far; `updated`: whether this step made one; `learning_rate`: rate
        of the last update; `skipped`: steps with NaN or Inf so far; `skipped_in_row`: those since
        the last good one; `silence`: group -> steps in a row with a gradient of exactly zero.
    """
    train = plan.config.train
    earlier, update = (count_updates(state.opt_state, train) for state in (before, after))
    return {
        "update": update,
        "updated": update > earlier,
        "learning_rate": plan.learning_rate(update),
        "skipped": after.opt_state.total_notfinite,
        "skipped_in_row": after.opt_state.notfinite_count,
        "silence": after.silence,
    }


@cache
def compile_step(plan: Plan, table: DeviceTable) -> Any:
    """Compiles `train_step` for a table of these shapes; the program donates the state.

    The program is kept, so that a second run in the same process starts at once.

    Args:
        plan: the fixed parts of the run.
        table: shapes of the table, as `table_shapes` returns them.

    Returns:
        A function (state, table, order) -> (state, metrics).
    """
    state, whole = state_shapes(plan), replicated_sharding(plan.mesh)
    size = plan.steps_per_epoch * plan.config.train.batch_size
    order = jax.ShapeDtypeStruct((size,), jnp.int32, sharding=whole)
    step = jax.jit(
        partial(train_step, plan),
        donate_argnums=0,
        out_shardings=(state_shardings(plan.mesh, state), whole),
    )
    return step.lower(state, table, order).compile()


def _select_norms(readings: dict[str, jax.Array]) -> StepMetrics:
    """Turns GROUP/NORM into NORM/GROUP and drops the other sentinels."""
    pairs = ((key.rpartition("/"), value) for key, value in readings.items())
    return {f"{norm}/{group}": value for (group, _, norm), value in pairs if norm in NORMS}
