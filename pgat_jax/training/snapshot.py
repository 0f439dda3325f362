"""What a checkpoint of a training run holds beside the arrays, and how a run comes back from it."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pgat_jax.config import Config
from pgat_jax.data.loading import Data
from pgat_jax.model.build import Model
from pgat_jax.runs.checkpoint import Checkpoints, Say
from pgat_jax.runs.folder import check_config, check_table, versions
from pgat_jax.training.step import TrainState, leaf_shapes, state_shapes, to_leaves, to_vectors


@dataclass(frozen=True)
class Place:
    """How far a run has come; stored in each checkpoint beside the state of the device."""

    step: int = 0
    validated: int = 0
    """Epochs that have ended and were validated."""
    best_loss: float | None = None
    """Lowest validation loss at the end of an epoch."""
    stale: int = 0
    """Epochs since then."""


def items_of(model: Model, state: TrainState) -> dict[str, Any]:
    """The pytrees that a checkpoint holds: the model's parameters by name, and the rest."""
    rest = state._asdict()
    return {"params": to_leaves(model)(rest.pop("params")), "training": rest}


def meta_of(place: Place, config: Config, data: Data, steps_per_epoch: int, loss: float | None):
    """The JSON that a checkpoint holds; ``loss`` is the validation loss, if there is one."""
    epoch, position = divmod(place.step, steps_per_epoch)
    return asdict(place) | {
        "epoch": epoch,
        "position": position,
        "seed": config.seed,
        "validation_loss": loss,
        "config": config.model_dump(mode="json"),
        "data_hash": data.table.hash,
        "scaler": data.scaler.as_dict(),
        "versions": versions(),
    }


def restore(
    checkpoints: Checkpoints, run: Path, data: Data, model: Model, steps_per_epoch: int, say: Say
) -> tuple[Place, TrainState]:
    """The newest sound checkpoint of a run, on the mesh of ``model``, whatever it was saved from.

    Newer, damaged ones are set aside.

    Raises:
        UserError: there is no usable checkpoint, or the configuration or the table has changed.
    """

    def templates(meta: dict[str, Any]) -> dict[str, Any]:
        check_config(run, model.config, meta["config"])
        check_table(run, meta["data_hash"], data)
        rest = state_shapes(model, steps_per_epoch)._asdict()
        del rest["params"]
        return {"params": leaf_shapes(model), "training": rest}

    step, items, meta = checkpoints.restore(templates, say)
    checkpoints.set_aside_after(step)
    say(f"going on from step {step}, epoch {meta['epoch'] + 1}")
    place = Place(**{field.name: meta[field.name] for field in fields(Place)})
    return place, TrainState(params=to_vectors(model)(items["params"]), **items["training"])
