"""Makes the content of a checkpoint of a training run, and restores a run from one."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pgat_jax.config import Config, TrainConfig
from pgat_jax.data.dataset import Data
from pgat_jax.storage.checkpoint import Checkpoints, Say
from pgat_jax.storage.consistency import require_same_config, require_same_table
from pgat_jax.storage.versions import collect_versions
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import TrainState, pack_params, state_shapes, unpack_params


@dataclass(frozen=True)
class LoopState:
    """The progress of the loop; each checkpoint stores it beside the state of the devices.

    Attributes:
        step: batches taken.
        validated: epochs that have ended and were validated.
        best_loss: lowest validation loss at the end of an epoch, or None before the first.
        stale: epochs since the one with the lowest loss.
    """

    step: int = 0
    validated: int = 0
    best_loss: float | None = None
    stale: int = 0

    def add_validation(self, loss: float) -> "LoopState":
        """Returns the state after one more epoch was validated.

        Args:
            loss: the validation loss of the epoch.
        """
        is_best = self.best_loss is None or loss < self.best_loss
        return LoopState(
            step=self.step,
            validated=self.validated + 1,
            best_loss=loss if is_best else self.best_loss,
            stale=0 if is_best else self.stale + 1,
        )

    def is_stale(self, config: TrainConfig) -> bool:
        """Returns whether `train.early_stopping` ends the run.

        Args:
            config: the settings of training.
        """
        return config.early_stopping is not None and self.stale >= config.early_stopping

    def is_done(self, config: TrainConfig) -> bool:
        """Returns whether no step is left: after the last epoch, or by early stopping.

        Args:
            config: the settings of training.
        """
        return self.validated >= config.epochs or self.is_stale(config)


def checkpoint_items(plan: Plan, state: TrainState) -> dict[str, Any]:
    """Returns the pytrees of a checkpoint: `params` as leaves by name, and `training`, the rest.

    Args:
        plan: the fixed parts of the run.
        state: the state of the devices.
    """
    rest = state._asdict()
    return {"params": unpack_params(plan, rest.pop("params")), "training": rest}


def item_shapes(plan: Plan) -> dict[str, Any]:
    """Returns shapes, types and shardings of `checkpoint_items`.

    Args:
        plan: the fixed parts of the run.

    Returns:
        `params` and `training`, pytrees of `jax.ShapeDtypeStruct`.
    """
    rest = state_shapes(plan)._asdict()
    del rest["params"]
    return {"params": plan.param_shapes, "training": rest}


def checkpoint_meta(
    loop_state: LoopState,
    config: Config,
    data: Data,
    steps_per_epoch: int,
    validation_loss: float | None,
) -> dict[str, Any]:
    """Returns the JSON of a checkpoint.

    Args:
        loop_state: the progress of the loop.
        config: the configuration of the run.
        data: its table, splits and scaler.
        steps_per_epoch: batches in an epoch.
        validation_loss: the loss of these parameters, or None if it was not measured.

    Returns:
        The attributes of `loop_state`; `epoch` and `position`, the whole epochs and the steps after
        them; `planned_steps`; `seed`, `validation_loss`, `config` (plain values), `data_hash`,
        `scaler` (from `Scaler.as_dict`) and `versions` (from `collect_versions`).
    """
    epoch, position = divmod(loop_state.step, steps_per_epoch)
    return asdict(loop_state) | {
        "epoch": epoch,
        "position": position,
        "planned_steps": config.train.epochs * steps_per_epoch,
        "seed": config.seed,
        "validation_loss": validation_loss,
        "config": config.model_dump(mode="json"),
        "data_hash": data.table.hash,
        "scaler": data.scaler.as_dict(),
        "versions": collect_versions(),
    }


def read_loop_state(meta: dict[str, Any]) -> LoopState | None:
    """Returns the progress of the loop that a checkpoint stores, or None if it stores none.

    Args:
        meta: the JSON of the checkpoint.
    """
    names = [field.name for field in fields(LoopState)]
    return LoopState(**{name: meta[name] for name in names}) if meta.keys() >= set(names) else None


def restore(
    checkpoints: Checkpoints, run: Path, data: Data, plan: Plan, say: Say
) -> tuple[LoopState, TrainState]:
    """Reads the newest undamaged checkpoint of a run and sets newer, damaged ones aside.

    Args:
        checkpoints: the checkpoints of the run.
        run: its folder, for messages.
        data: the table.
        plan: the fixed parts of the run; its mesh may differ from the one that was saved from.
        say: called with a line about each damaged checkpoint, and about the step to continue from.

    Raises:
        UserError: no checkpoint is usable, or the configuration or the table has changed.
    """

    def check_and_shape(meta: dict[str, Any]) -> dict[str, Any]:
        require_same_config(run, plan.config, meta["config"])
        require_same_table(run, meta["data_hash"], data.table)
        return item_shapes(plan)

    step, items, meta = checkpoints.restore(check_and_shape, say)
    checkpoints.set_aside_after(step)
    say(f"going on from step {step}, epoch {meta['epoch'] + 1}")
    loop_state = LoopState(**{field.name: meta[field.name] for field in fields(LoopState)})
    params = pack_params(plan, items["params"])
    return loop_state, TrainState(params=params, **items["training"])
